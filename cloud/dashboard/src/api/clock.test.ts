import { expect, test } from "vitest";

import { Clock } from "./clock.ts";

test("a browser that agrees with the server keeps its own clock", () => {
  const clock = new Clock();
  clock.heardServer("Wed, 25 Nov 2026 12:00:00 GMT", Date.parse("2026-11-25T12:00:00.900Z"));
  expect(clock.now(1000)).toBe(1000);
});

test("a browser that is ten minutes wrong is corrected", () => {
  const clock = new Clock();
  const here = Date.parse("2026-11-25T11:50:00Z");
  clock.heardServer("Wed, 25 Nov 2026 12:00:00 GMT", here);
  expect(clock.now(here)).toBe(here + 600_500);
});

test("a header that is missing or nonsense changes nothing", () => {
  const clock = new Clock();
  clock.heardServer(null, 0);
  clock.heardServer("yesterday", 0);
  expect(clock.now(5)).toBe(5);
});

test("samples of a clock that runs ahead pull the time along", () => {
  const clock = new Clock();
  clock.sawSample(9000);
  clock.sawSample(8000);
  expect(clock.now(1000)).toBe(9000);
});
