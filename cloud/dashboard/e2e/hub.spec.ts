/** A patient at the hub, on a phone: the code on the label, what is measured, an alarm, and what the screen reader is told. */
import path from "node:path";

import AxeBuilder from "@axe-core/playwright";
import { devices, expect, type Page, test } from "@playwright/test";

const HUB = process.env["E2E_HUB"];
const CODE = process.env["E2E_HUB_CODE"] ?? "";
const SCREENSHOTS = process.env["E2E_SCREENSHOTS"] ?? path.join("test-results", "screenshots");

const { viewport, userAgent, deviceScaleFactor, isMobile, hasTouch } = devices["Pixel 7"];
test.use({ viewport, userAgent, deviceScaleFactor, isMobile, hasTouch });
test.skip(HUB === undefined, "E2E_HUB is not set");

async function accessible(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true, animations: "disabled" });
}

test("a patient opens the hub, sees the devices and answers an alarm", async ({ page }) => {
  await page.goto(HUB ?? "");
  await accessible(page);
  await page.getByLabel("Set-up code").fill("WRONG-ONE");
  await page.getByRole("button", { name: "Open" }).click();
  await expect(page.getByRole("alert")).toContainText("not the code on the label");
  await accessible(page);
  await page.getByLabel("Set-up code").fill(CODE.toLowerCase());
  await page.getByRole("button", { name: "Open" }).click();

  await expect(page.getByRole("heading", { name: "Chest belt" })).toBeVisible();
  await expect(page.getByText("Heart rate", { exact: true })).toBeVisible();
  await expect(page.getByText("Your care team is connected.")).toBeVisible();
  const alarm = page.getByRole("article");
  await expect(alarm.first()).toBeVisible({ timeout: 90_000 });
  await expect(page).toHaveTitle(/hub/u);
  await accessible(page);
  await picture(page, "6-hub-alarm");

  // A worse finding may take an alarm's place at any moment, and sounds anew: people press again, and so does this.
  const press = async (name: RegExp, then: string) => {
    await expect(async () => {
      const button = page.getByRole("button", { name }).first();
      if ((await button.count()) > 0) await button.click({ timeout: 2000 });
      await expect(page.getByText(then).first()).toBeVisible({ timeout: 2000 });
    }).toPass({ timeout: 60_000 });
  };
  await press(/Quiet for/u, "It will sound again");
  await press(/I have seen it/u, "No new alarm.");
  await expect(page.getByRole("heading", { name: "Seen in the last day" })).toBeVisible();
  await accessible(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page);
  await picture(page, "7-hub-calm-at-night");
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByLabel("Set-up code")).toBeVisible();
});
