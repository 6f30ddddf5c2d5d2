/** A nurse sees the score as a range, what brings points, and what is missing. */
import { cleanup, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { cloudOf } from "../../testing/replies.ts";
import { renderAt } from "../../testing/render.tsx";
import { ScorePanel } from "./score-panel.tsx";

const PATH = "GET /api/patients/p1";
const SCORE = {
  at: "2027-01-15T08:00:00Z",
  low: 3,
  high: 14,
  level: 1,
  spo2_scale: 1,
  parameters: [
    { name: "spo2", value: 86, age_seconds: 1, low: 3, high: 3 },
    { name: "pulse", value: null, age_seconds: 95, low: 0, high: 3 },
  ],
};

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("the range, the response it asks for, and what it is made of", async () => {
  const covered = [{ metric: "spo2", day: "2027-01-15", minutes: 75, of: 1440, readings: 75, absent: 0 }];
  vi.stubGlobal(
    "fetch",
    cloudOf({ [`${PATH}/early-warning/score`]: () => Response.json(SCORE), [`${PATH}/coverage`]: () => Response.json(covered) }),
  );
  renderAt("/", { "/": <ScorePanel patient="p1" zone="Europe/Vienna" /> });
  expect(await screen.findByText("3 to 14")).toBeTruthy();
  expect(screen.getByText("Urgent response")).toBeTruthy();
  expect(screen.getByText("86 %")).toBeTruthy();
  expect(screen.getByText("last measured 1 min ago")).toBeTruthy();
  expect(await screen.findByText("Measured today: Oxygen saturation 1 h 15 min")).toBeTruthy();
});

test("a refusal is said", async () => {
  vi.stubGlobal("fetch", cloudOf({}));
  renderAt("/", { "/": <ScorePanel patient="p1" zone="Europe/Vienna" /> });
  expect(await screen.findByRole("alert")).toBeTruthy();
});
