import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const cloud = process.env["MEDIASSIST_CLOUD"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", sourcemap: false, reportCompressedSize: false, chunkSizeWarningLimit: 700 },
  server: { proxy: { "/api": { target: cloud, ws: true } } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
