import { expect, test } from "vitest";

import { fittedGain, placeOf, standardGain, stillFits } from "./sweep.ts";

test("a moment's place repeats with the sweep", () => {
  expect(placeOf(2500, 10_000, 800)).toBe(200);
  expect(placeOf(12_500, 10_000, 800)).toBe(200);
  expect(placeOf(-2500, 10_000, 800)).toBe(600);
});

test.each([
  [-0.5, 1, 20],
  [-1, 1.5, 10],
  [-2, 2, 5],
  [-10, 10, 2.5],
])("an ECG from %d to %d mV is drawn at %d mm/mV on 40 mm", (low, high, gain) => {
  expect(standardGain(low, high, 40).mmPerUnit).toBe(gain);
});

test("a signal without a unit fills four fifths, and a flat one does not divide by nothing", () => {
  expect(fittedGain(0, 2, 20)).toEqual({ middle: 1, mmPerUnit: 8 });
  expect(Number.isFinite(fittedGain(1, 1, 20).mmPerUnit)).toBe(true);
});

test("the gain is kept while the signal sits well, and given up when it leaves the lane or shrinks", () => {
  const gain = { middle: 0, mmPerUnit: 10 };
  expect(stillFits(gain, -1, 1, 40)).toBe(true);
  expect(stillFits(gain, -1, 3, 40)).toBe(false);
  expect(stillFits(gain, -0.1, 0.1, 40)).toBe(false);
});
