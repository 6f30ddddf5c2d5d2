import { expect, test } from "vitest";

import { coverageTexts, dayOf, minutesText, rangeText, valueText } from "./score.ts";

test("a score is a range where something is missing", () => {
  expect(rangeText({ low: 3, high: 3 })).toBe("3");
  expect(rangeText({ low: 3, high: 14 })).toBe("3 to 14");
});

test("a value is said with its unit, and a missing one with why", () => {
  const missing = { low: 0, high: 3, value: null };
  expect(valueText({ name: "temperature", value: 38.64, age_seconds: 5, low: 1, high: 1 })).toBe("38.6 °C");
  expect(valueText({ ...missing, name: "spo2", age_seconds: null })).toBe("not measured");
  expect(valueText({ ...missing, name: "spo2", age_seconds: 95 })).toBe("last measured 1 min ago");
  expect(valueText({ ...missing, name: "spo2", age_seconds: 600 })).toBe("last measured 10 min ago");
  expect(valueText({ ...missing, name: "consciousness", age_seconds: null })).toBe("no wearable knows");
});

test("what was measured today is said from the most to the least", () => {
  const row = { day: "2027-01-15", of: 1440, readings: 1, absent: 0 };
  const rows = [
    { ...row, metric: "spo2", minutes: 59 },
    { ...row, metric: "heart_rate", minutes: 190 },
    { ...row, metric: "battery", minutes: 0 },
  ];
  expect(coverageTexts(rows)).toEqual([
    { metric: "Heart rate", text: "3 h 10 min" },
    { metric: "Oxygen saturation", text: "59 min" },
  ]);
  expect(minutesText(60)).toBe("1 h 0 min");
});

test("the day is the patient's own", () => {
  const midnight = Date.UTC(2027, 11, 31, 23, 30);
  expect(dayOf(midnight, "Europe/Vienna")).toEqual(["2028-01-01", "2028-01-02"]);
  expect(dayOf(midnight, "UTC")).toEqual(["2027-12-31", "2028-01-01"]);
});
