import { expect, test } from "vitest";

import { columns, rangeOf, type Lane } from "./lanes.ts";

const LANE: Lane = { id: "x", label: "X", unit: "", decimals: 0, colour: "", span: 10, at: [], value: [] };

test("a gap becomes a null of its own, in seconds as the chart wants them", () => {
  expect(columns([0, 1000, 60_000], [1, 2, 3])).toEqual([
    [0, 1, 1.001, 60],
    [1, 2, null, 3],
  ]);
});

test("slow measurements at their usual step have no gaps", () => {
  expect(columns([0, 60_000, 120_000], [1, 2, 3])[1]).toEqual([1, 2, 3]);
});

test("the range holds all values, spans enough, and stops at what is possible", () => {
  const [low, high] = rangeOf({ ...LANE, value: [60, 62], span: 40 });
  expect([low, high]).toEqual([40, 85]);
  expect(rangeOf({ ...LANE, value: [97, 99], span: 12, most: 100 })).toEqual([90, 100]);
});

test("an empty lane still has a range", () => {
  const [low, high] = rangeOf(LANE);
  expect(high).toBeGreaterThan(low);
});
