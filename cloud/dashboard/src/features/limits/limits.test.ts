import { expect, test } from "vitest";

import { draftsOf, durationText, fault, rangeText, thresholdsOf, usualText } from "./limits.ts";

const HEART = { metric: "heart_rate", low: 45, high: 120.5, for_seconds: 60, priority: "high" } as const;

test("limits that nobody touched go back as they came", () => {
  const weight = { metric: "body_weight", low: null, high: 90, for_seconds: 3600, priority: "low" } as const;
  expect(thresholdsOf(draftsOf([HEART, weight]))).toEqual([HEART, weight]);
  expect(thresholdsOf(draftsOf([]))).toEqual([]);
});

test("what people type is read as they mean it, and what cannot be meant is said", () => {
  const draft = { low: " 36,5 ", high: "", seconds: 60, priority: "low" } as const;
  expect(thresholdsOf({ body_temperature: draft })[0]?.low).toBe(36.5);
  expect(fault("body_temperature", draft)).toBeNull();
  expect(fault("spo2", { ...draft, low: "ninety" })).toBe("Oxygen saturation: a limit is a number, or empty");
  expect(fault("spo2", { ...draft, low: "95", high: "90" })).toBe("Oxygen saturation: the lower limit is not below the upper one");
});

test("limits in words", () => {
  expect([10, 60, 600, 3600].map(durationText)).toEqual(["10 s", "1 min", "10 min", "1 h"]);
  expect(rangeText(HEART)).toBe("45 to 120.5");
  expect(rangeText({ ...HEART, low: null })).toBe("not above 120.5");
  expect(rangeText({ ...HEART, high: null })).toBe("not below 45");
  const usual = { metric: "heart_rate", median: 62.4, spread: 5.55, hours: 240, made_at: "2027-01-15T08:00:00Z" };
  expect(usualText(usual)).toBe("usually 62 ± 5.5");
  expect(usualText({ ...usual, metric: "body_temperature", median: 36.64 })).toBe("usually 36.6 ± 5.5");
});
