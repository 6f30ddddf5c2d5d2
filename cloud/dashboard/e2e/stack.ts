/** Where the running stack is, and who signs in: from the environment. */
import path from "node:path";

import type { Page } from "@playwright/test";

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set: start the stack and say where it is (see e2e/stack.ts)`);
  return value;
}

/** E2E_URL, E2E_EMAIL, E2E_PASSWORD; E2E_SCREENSHOTS is the folder for pictures (default test-results/screenshots). */
export function stack() {
  return {
    url: needed("E2E_URL"),
    email: needed("E2E_EMAIL"),
    password: needed("E2E_PASSWORD"),
    screenshots: process.env["E2E_SCREENSHOTS"] ?? path.join("test-results", "screenshots"),
  };
}

/** One picture of the whole page, kept for people to look at; nothing compares it. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(stack().screenshots, `${name}.png`), fullPage: true, animations: "disabled" });
}
