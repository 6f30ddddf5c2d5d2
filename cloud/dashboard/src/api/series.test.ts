import { expect, test } from "vitest";

import { latest, series } from "../testing/replies.ts";
import { mergeLatest, mergeSeries, newest } from "./series.ts";

test("what comes after is appended, what is too old falls away", () => {
  const merged = mergeSeries([series("heart_rate", [[1000, 60], [2000, 61]])], [series("heart_rate", [[3000, 62]])], 2000);
  expect(merged).toEqual([series("heart_rate", [[2000, 61], [3000, 62]])]);
});

test("a late reading finds its place, and the same moment is there once", () => {
  const known = [series("heart_rate", [[1000, 60], [3000, 62]])];
  const merged = mergeSeries(known, [series("heart_rate", [[2000, 61], [3000, 63]])], 0);
  expect(merged).toEqual([series("heart_rate", [[1000, 60], [2000, 61], [3000, 63]])]);
});

test("fresh readings that are out of order among themselves are ordered", () => {
  const merged = mergeSeries([series("spo2", [[1000, 97]])], [series("spo2", [[3000, 95], [2000, 96]])], 0);
  expect(merged[0]?.at).toEqual([1000, 2000, 3000]);
});

test("a metric not seen before is added, an absent number stays absent", () => {
  const merged = mergeSeries([series("spo2", [[1000, 97]])], [series("heart_rate", [[2000, null]])], 0);
  expect(merged.map(({ metric }) => metric)).toEqual(["spo2", "heart_rate"]);
  expect(merged[1]?.value).toEqual([null]);
});

test("when everything is too old nothing is left", () => {
  expect(mergeSeries([series("spo2", [[1000, 97]])], [], 5000)[0]?.at).toEqual([]);
});

test("the latest value follows the reading, never backwards", () => {
  const known = [latest("heart_rate", 2000, 60)];
  expect(mergeLatest(known, [series("heart_rate", [[3000, 61]])])[0]?.value).toBe(61);
  expect(mergeLatest(known, [series("heart_rate", [[1000, 99]])])[0]?.value).toBe(60);
});

test("the reason for a missing number stays until a number comes", () => {
  const off = [latest("spo2", 1000, null, "off_body")];
  expect(mergeLatest(off, [series("spo2", [[2000, null]])])[0]?.absence).toBe("off_body");
  expect(mergeLatest(off, [series("spo2", [[2000, 97]])])[0]?.absence).toBeNull();
});

test("the newest moment of several series", () => {
  expect(newest([series("spo2", [[1000, 97]]), series("heart_rate", [[4000, 60]])])).toBe(4000);
  expect(newest([])).toBeNull();
});
