import { expect, test } from "vitest";

import { piece, series } from "../../testing/replies.ts";
import { offsetText } from "./grounds.tsx";
import { extent, olderThan, readPieces } from "./window.ts";

test("the extent of pieces, and of none", () => {
  expect(extent([piece(1000, 10), piece(0, 10)])).toEqual({ from: 0, to: 1100, low: 0, high: 9 });
  expect(extent([])).toEqual({ from: 0, to: 0, low: 0, high: 0 });
});

test("pieces are read in order, each sample once, gaps lifted", () => {
  const seen: [number, boolean][] = [];
  readPieces([piece(100, 2), piece(0, 3), piece(20, 2)])(0, 1000, (at, _value, joined) => seen.push([at, joined]));
  expect(seen).toEqual([
    [0, false],
    [10, true],
    [20, true],
    [30, true],
    [100, false],
    [110, true],
  ]);
});

test("only what was measured before the window, and not in it, is told as older", () => {
  const temperature = series("body_temperature", [[500, 36.9], [800, null]]);
  const heart = series("heart_rate", [[500, 60], [1500, 61]]);
  expect(olderThan(1000, [temperature, heart])).toEqual([{ series: temperature, at: 500, value: 36.9 }]);
});

test.each([
  [-412.3, "-412 ms"],
  [65_000, "65 s"],
  [1.7e12, "own count"],
])("an offset of %d ms is %s", (ms, text) => {
  expect(offsetText(ms)).toBe(text);
});
