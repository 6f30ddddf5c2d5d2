import { expect, test } from "vitest";

import { advance, arrived, distanceOf, rateOf, START, type Playhead } from "./playhead.ts";

/** Let batches of `everyMs` arrive at `speed` for `seconds`, drawing 30 times a second; return all positions and the end. */
function play(everyMs: number, seconds: number, speed = 1): { head: Playhead; positions: number[]; steps: number[] } {
  let head = START;
  const positions: number[] = [];
  for (let wall = 0; wall <= seconds * 1000; wall += 1) {
    if (wall % everyMs === 0) head = arrived(head, 1_000_000 + wall * speed, wall);
    if (wall % 33 !== 0) continue;
    head = advance(head, wall);
    if (head.position !== null) positions.push(head.position);
  }
  const steps = positions.slice(1).map((position, index) => position - (positions[index] ?? 0));
  return { head, positions, steps };
}

test("before the first sample there is no moment", () => {
  expect(advance(START, 100).position).toBeNull();
});

test.each([250, 1000, 2000, 10_000])("batches every %d ms are shown at a steady pace without running dry", (everyMs) => {
  const { steps } = play(everyMs, 120);
  const settled = steps.slice(Math.floor(steps.length / 2));
  expect(Math.min(...settled)).toBeGreaterThan(33 * 0.9);
  expect(Math.max(...settled)).toBeLessThan(33 * 1.1);
});

test("at four times true speed the trace runs four times as fast", () => {
  const { head, steps } = play(2000, 60, 4);
  expect(rateOf(head)).toBeCloseTo(4, 1);
  const settled = steps.slice(Math.floor(steps.length / 2));
  expect(Math.min(...settled)).toBeGreaterThan(132 * 0.88);
});

test("it never goes back and never beyond what arrived", () => {
  const { head, positions, steps } = play(3000, 40);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  expect(positions.at(-1)).toBeLessThanOrEqual(head.arrivals.at(-1)?.end ?? 0);
});

test("when nothing comes it stops at the last sample and waits for the distance to be there again", () => {
  let { head } = play(1000, 20);
  const end = head.arrivals.at(-1)?.end ?? 0;
  for (let wall = 20_000; wall < 30_000; wall += 33) head = advance(head, wall);
  expect(head.position).toBe(end);
  head = advance(arrived(head, end + 300, 30_000), 30_033);
  expect(head.waiting).toBe(true);
});

test("after a long sleep it jumps instead of racing through the past", () => {
  const { head } = play(1000, 20);
  const end = (head.arrivals.at(-1)?.end ?? 0) + 600_000;
  const after = advance(arrived(head, end, 620_000), 620_033);
  expect(end - (after.position ?? 0)).toBeLessThanOrEqual(distanceOf(after));
});

test("pieces of one batch count as one arrival", () => {
  const head = arrived(arrived(arrived(START, 1000, 0), 1250, 3), 1500, 5);
  expect(head.arrivals).toEqual([{ wall: 0, end: 1500 }]);
});
