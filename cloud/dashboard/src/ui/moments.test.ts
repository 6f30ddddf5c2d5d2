import { expect, test } from "vitest";

import { ageText, clockTime, dayTime, fullTime, isStale, yearsOld, zoneName } from "./moments.ts";

const AT = Date.parse("2026-11-25T23:30:05Z");

test("a time is said in the patient's zone, with the zone's name", () => {
  expect(clockTime(AT, "Europe/Stockholm")).toBe("00:30:05");
  expect(fullTime(AT, "Europe/Stockholm")).toBe("26 Nov 2026, 00:30:05 CET");
  expect(zoneName(Date.parse("2026-07-01T12:00:00Z"), "Europe/Stockholm")).toBe("CEST");
});

test("another day is named, the same day is not, as the patient's zone counts days", () => {
  const nextAfternoon = AT + 15 * 3_600_000;
  expect(dayTime(AT, nextAfternoon, "UTC")).toBe("25 Nov 23:30");
  expect(dayTime(AT, nextAfternoon, "Europe/Stockholm")).toBe("00:30");
});

test("just after midnight the evening before needs no date", () => {
  expect(dayTime(AT, AT + 3_600_000, "UTC")).toBe("23:30");
});

test.each([
  [-500, "now"],
  [1400, "now"],
  [12_000, "12 s"],
  [59_700, "1 min"],
  [3_599_000, "59 min"],
  [7_200_000, "2 h"],
  [200_000_000, "2 d"],
])("%d ms is %s", (ms, text) => {
  expect(ageText(ms)).toBe(text);
});

test("a birthday comes at midnight where the patient lives", () => {
  const now = Date.parse("2026-03-01T23:30:00Z");
  expect(yearsOld("1948-03-02", now, "UTC")).toBe(77);
  expect(yearsOld("1948-03-02", now, "Europe/Stockholm")).toBe(78);
});

test("a value is stale after a minute", () => {
  expect(isStale(0, 60_000)).toBe(false);
  expect(isStale(0, 60_001)).toBe(true);
});
