/** A heartbeat, seen: sign in, the ward, a live trace that moves, an alert and what it stands on. */
import { expect, test, type Locator, type Page } from "@playwright/test";

import { picture, stack } from "./stack.ts";

/** An alert needs its window of samples first; a demo raises one within this long. */
const ALERT_WITHIN_MS = 90_000;

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** What the lane's canvas shows, as text that changes when a pixel does. */
async function pixels(lane: Locator): Promise<string> {
  return lane.locator("canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
}

async function lastSample(lane: Locator): Promise<number> {
  return Number(await lane.getAttribute("data-last-sample"));
}

/** Are there dots in the lane's own colour, that is, has anything been drawn? */
async function inked(lane: Locator): Promise<number> {
  return lane.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const image = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height);
    return image ? image.data.filter((value, index) => index % 4 === 3 && value > 0).length : 0;
  });
}

test("a heartbeat travels from the wearable to the screen, and an alert shows its evidence", async ({ page }) => {
  test.setTimeout(ALERT_WITHIN_MS + 120_000);
  const { email, password } = stack();
  const broken: string[] = [];
  page.on("pageerror", (error) => broken.push(error.message));

  await test.step("who is not signed in is asked to", async () => {
    await page.goto("/patients");
    await expect(page).toHaveURL(/\/sign-in$/u);
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  });

  await test.step("a wrong password is refused with a reason", async () => {
    await signIn(page, email, `${password}-wrong`);
    await expect(page.getByTestId("sign-in-error")).toHaveText(/wrong e-mail address or password/iu);
    await expect(page.getByRole("button", { name: "Sign in" })).toBeEnabled();
    await picture(page, "1-sign-in");
  });

  await test.step("the right one opens the ward", async () => {
    await signIn(page, email, password);
    await expect(page.getByTestId("patient-row").first()).toBeVisible();
    await expect(page.getByTestId("live-state")).toHaveText(/^Live/u);
    await expect(page.locator('[data-testid="patient-row"] [data-state="fresh"]').first()).toBeVisible();
  });

  const alarmed = page.locator('[data-testid="patient-row"]:not([data-alerts="0"])');
  await test.step("an alert appears by itself", async () => {
    await expect(alarmed.first()).toBeVisible({ timeout: ALERT_WITHIN_MS });
    await picture(page, "2-patients");
  });

  await test.step("the patient's trace moves", async () => {
    await alarmed.first().getByTestId("patient-link").click();
    await expect(page.getByTestId("patient-page")).toBeVisible();
    const ecg = page.getByTestId("trace-ecg");
    await expect(ecg).toHaveAttribute("data-last-sample", /^\d+$/u);
    await expect.poll(() => inked(ecg)).toBeGreaterThan(100);
    const [before, seen] = [await lastSample(ecg), await pixels(ecg)];
    await expect.poll(() => lastSample(ecg)).toBeGreaterThan(before + 2000);
    expect(await pixels(ecg)).not.toBe(seen);
    await expect(page.getByTestId("tile-heart_rate").locator('[data-state="fresh"]')).toBeVisible();
    await expect(page.getByTestId("vitals-chart").locator("canvas").first()).toBeVisible();
    await expect(page.getByTestId("patient-alerts").getByTestId("alert-row").first()).toBeVisible();
    await picture(page, "3-patient");
  });

  // Other detectors' alerts, which may be newer, stand on other evidence.
  const scored = page.getByTestId("alert-row").filter({ hasText: "Early-warning score" }).last();
  await test.step("the alert stands on the list, with its priority in words", async () => {
    await page.getByTestId("nav-alerts").click();
    await expect(scored).toBeVisible();
    await expect(scored).toHaveText(/(High|Medium|Low) priority/u);
    await picture(page, "4-alerts");
  });

  await test.step("its evidence can be opened", async () => {
    await scored.getByTestId("alert-link").click();
    await expect(page.getByTestId("alert-page")).toBeVisible();
    await expect(page.getByTestId("explanation")).not.toBeEmpty();
    await expect(page.getByTestId("evidence-readings").locator("canvas").first()).toBeVisible();
    await expect(page.getByTestId("strip-ecg").locator("canvas").first()).toBeVisible();
    await expect(page.getByTestId("evidence-detector")).toHaveText(/[0-9a-f]{64}/u);
    await expect(page.getByTestId("evidence-score")).toBeVisible();
    await expect(page.getByTestId("evidence-coverage")).toBeVisible();
    await picture(page, "5-evidence");
  });

  await test.step("limits that a nurse sets are watched within seconds", async () => {
    await page.goto("/patients");
    await page.getByTestId("patient-link").first().click();
    await page.getByTestId("change-limits").click();
    await page.getByLabel("Heart rate, not above").fill("30");
    await page.getByTestId("limits").getByLabel("Left for").click();
    await page.getByRole("option", { name: "10 s" }).click();
    await picture(page, "14-limits-form");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByTestId("limits")).toContainText("not above 30 /min");
    const left = page.getByTestId("patient-alerts").getByTestId("alert-row").filter({ hasText: "Outside the limits" });
    await expect(left.first()).toContainText("Heart rate", { timeout: 60_000 });
    await picture(page, "15-limits");
  });

  await test.step("the early-warning score is a range, and says what no wearable knows", async () => {
    const score = page.getByTestId("early-warning");
    await expect(score).toContainText(/\d+ to \d+/u);
    await expect(score).toContainText("no wearable knows");
  });

  await test.step("that nobody is on call is said", async () => {
    await page.getByTestId("nav-on-call").click();
    await expect(page.getByTestId("on-call-now")).toContainText("Nobody is on call");
    await expect(page.getByTestId("ladder")).toContainText("first level at once");
    await picture(page, "16-on-call");
  });

  await test.step("who signs out is out", async () => {
    await page.getByTestId("account").click();
    await page.getByTestId("sign-out").click();
    await expect(page).toHaveURL(/\/sign-in$/u);
    await page.goto("/alerts");
    await expect(page).toHaveURL(/\/sign-in$/u);
  });
  expect(broken).toEqual([]);
});
