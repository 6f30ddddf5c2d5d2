/** A patient adds two devices at the hub, on a phone: one by the six digits it shows, one by comparing a number; and one of them is reset. */
import { readFileSync } from "node:fs";
import path from "node:path";

import AxeBuilder from "@axe-core/playwright";
import { devices, expect, type Page, test } from "@playwright/test";

const HUB = process.env["E2E_HUB"];
const CODE = process.env["E2E_HUB_CODE"] ?? "";
const PASSKEY = process.env["E2E_PASSKEY"] ?? "";
/** The simulators' log: there it is written what stands on a display. */
const DISPLAYS = process.env["E2E_DISPLAYS"] ?? "";
const SIMULATORS = Number(process.env["E2E_SIMULATORS"]);
const SCREENSHOTS = process.env["E2E_SCREENSHOTS"] ?? path.join("test-results", "screenshots");

const { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch } = devices["Pixel 7"];
test.use({ viewport, userAgent, deviceScaleFactor, isMobile, hasTouch });
test.skip(HUB === undefined || PASSKEY === "", "E2E_HUB or E2E_PASSKEY is not set");

async function accessible(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true, animations: "disabled" });
}

async function choose(page: Page, button: string, then: string): Promise<void> {
  await page.getByRole("listitem").filter({ hasText: "It calls itself New" }).getByRole("button", { name: button }).click({ timeout: 30_000 });
  await expect(page.getByText(then)).toBeVisible({ timeout: 30_000 });
}

test("a patient adds a device by its passkey, another by comparison, is told when one is not itself any more, and removes it", async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto(HUB ?? "");
  await page.getByLabel("Set-up code").fill(CODE);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("button", { name: "Add a device" }).click();
  await expect(page.getByRole("button", { name: "Add this finger sensor" })).toBeVisible({ timeout: 30_000 });
  await accessible(page);
  await picture(page, "8-hub-nearby");

  await choose(page, "Add this finger sensor", "shows six digits");
  await accessible(page);
  await page.getByLabel("Number on the device").fill("123 456");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByText("That was not the number on the device")).toBeVisible({ timeout: 30_000 });
  await accessible(page);

  await choose(page, "Add this finger sensor", "shows six digits");
  await page.getByLabel("Number on the device").fill(PASSKEY);
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByText("belongs to this hub now")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("heading", { name: "First reading" })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("Oxygen", { exact: true })).toBeVisible();
  await accessible(page);
  await picture(page, "9-hub-first-reading");

  await page.getByRole("button", { name: "Add another" }).click();
  await choose(page, "Add this thermometer", "Does the Thermometer show this number?");
  const number = (await page.locator(".number").textContent()) ?? "";
  expect(readFileSync(DISPLAYS, "utf-8")).toContain(`New thermometer shows ${number}`);
  await accessible(page);
  await picture(page, "10-hub-compare");
  await page.getByRole("button", { name: "Yes, it does" }).click();
  await expect(page.getByRole("heading", { name: "First reading" })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("Temperature", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByRole("heading", { name: "Finger sensor" })).toHaveCount(2);

  process.kill(SIMULATORS, "SIGHUP");
  await expect(page.getByText("A device is not the one that was added").first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("If you have reset it, add it again below.").first()).toBeVisible();
  await picture(page, "11-hub-changed-bond");

  await page.getByRole("link", { name: "Remove the thermometer" }).last().click();
  await expect(page.getByRole("heading", { name: "Remove a device" })).toBeVisible();
  await accessible(page);
  await picture(page, "12-hub-remove");
  await page.getByRole("button", { name: "Remove the thermometer" }).click();
  await expect(page.getByRole("link", { name: "Remove the thermometer" })).toHaveCount(1);
  await accessible(page);

  await page.getByRole("link", { name: "Reset this hub" }).click();
  await page.getByLabel("Set-up code, once more").fill("AAAA-AAAA");
  await page.getByRole("button", { name: "Remove everything" }).click();
  await expect(page.getByText("Nothing was removed.")).toBeVisible();
  await accessible(page);
  await picture(page, "13-hub-reset");
  await page.getByRole("link", { name: "Back" }).click();
  await expect(page.getByRole("heading", { name: "Finger sensor" })).toHaveCount(2);
});
