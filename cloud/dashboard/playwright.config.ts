/** The browser test: one journey against the real, running stack, whose address and log-in come from the environment. */
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  timeout: 120_000,
  expect: { timeout: 30_000 },
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: [["list", { printSteps: true }]],
  use: {
    ...(process.env["E2E_URL"] === undefined ? {} : { baseURL: process.env["E2E_URL"] }),
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    trace: "off",
    launchOptions: { executablePath: process.env["E2E_CHROMIUM"] ?? "/usr/bin/chromium" },
  },
});
