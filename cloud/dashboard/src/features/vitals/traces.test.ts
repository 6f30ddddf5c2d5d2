import { expect, test } from "vitest";

import { piece } from "../../testing/replies.ts";
import { Traces } from "./traces.ts";

test("a waveform not seen before is news, its next piece is not", () => {
  const traces = new Traces();
  expect(traces.add([piece(0, 100)], 0)).toBe(true);
  expect(traces.add([piece(1000, 100)], 1000)).toBe(false);
  expect(traces.add([piece(1000, 100, { metric: "plethysmogram" })], 1000)).toBe(true);
  expect(traces.known).toEqual(["ecg", "plethysmogram"]);
});

test("the lanes keep in step: no lane is shown beyond what the slowest has sent", () => {
  const traces = new Traces();
  traces.add([piece(0, 500), piece(0, 200, { metric: "plethysmogram" })], 0);
  expect(traces.moment(0)).toBeLessThanOrEqual(1990);
  expect(traces.newest()).toBe(4990);
});

test("a lane that fell silent no longer holds the others back", () => {
  const traces = new Traces();
  traces.add([piece(0, 100), piece(0, 100, { metric: "plethysmogram" })], 0);
  for (let second = 1; second <= 30; second += 1) {
    traces.add([piece(second * 1000, 100)], second * 1000);
    traces.moment(second * 1000);
  }
  expect(traces.moment(30_500)).toBeGreaterThan(27_000);
});

test("a waveform that never came reads as nothing", () => {
  let visited = 0;
  new Traces().read("ecg")(0, 1000, () => (visited += 1));
  expect(visited).toBe(0);
});
