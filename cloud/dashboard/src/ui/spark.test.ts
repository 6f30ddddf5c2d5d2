import { expect, test } from "vitest";

import { gapOf, scaleOf, sparkPath } from "./spark.ts";

const WINDOW = { from: 0, to: 1000 };
const BOX = { width: 100, height: 10 };

test("points become a line over the window's width", () => {
  expect(sparkPath([0, 500, 1000], [0, 5, 10], WINDOW, BOX, 600, 1)).toBe("M0.0 9.5L50.0 5.0L100.0 0.5");
});

test("a gap and an absent number lift the pen", () => {
  expect(sparkPath([0, 100, 900, 1000], [5, 5, 5, 5], WINDOW, BOX, 300, 10)).toBe("M0.0 5.0L10.0 5.0M90.0 5.0L100.0 5.0");
  expect(sparkPath([0, 100, 200], [5, null, 5], WINDOW, BOX, 300, 10)).toBe("M0.0 5.0M20.0 5.0");
});

test("outside the window nothing is drawn", () => {
  expect(sparkPath([-10, 2000], [1, 2], WINDOW, BOX, 300, 1)).toBe("");
});

test("a steady value sits in the middle of a scale of its least span", () => {
  expect(scaleOf([70, 70], 40)).toEqual([50, 90]);
  expect(scaleOf([], 40)).toEqual([0, 40]);
});

test("a gap is three usual steps, but never less than told", () => {
  expect(gapOf([0, 10_000, 20_000, 60_000], 12_000)).toBe(30_000);
  expect(gapOf([0, 1000, 2000], 12_000)).toBe(12_000);
  expect(gapOf([0], 12_000)).toBe(12_000);
});
