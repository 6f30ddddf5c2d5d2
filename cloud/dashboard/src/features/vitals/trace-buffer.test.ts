import { expect, test } from "vitest";

import { piece } from "../../testing/replies.ts";
import { TraceBuffer } from "./trace-buffer.ts";

function all(buffer: TraceBuffer, from = -Infinity, to = Infinity): [number, number, boolean][] {
  const seen: [number, number, boolean][] = [];
  buffer.read(Math.max(from, -1e12), Math.min(to, 1e12), (at, value, joined) => seen.push([at, value, joined]));
  return seen;
}

test("pieces in a row are one line", () => {
  const buffer = new TraceBuffer(10_000);
  buffer.add(piece(0, 2));
  buffer.add(piece(20, 2, { first: 2 }));
  expect(all(buffer)).toEqual([
    [0, 0, false],
    [10, 1, true],
    [20, 2, true],
    [30, 3, true],
  ]);
  expect(buffer.end).toBe(30);
});

test("a missing piece lifts the pen, and a late one closes the gap", () => {
  const buffer = new TraceBuffer(10_000);
  buffer.add(piece(0, 2));
  buffer.add(piece(100, 2));
  expect(all(buffer).map(([, , joined]) => joined)).toEqual([false, true, false, true]);
  buffer.add(piece(20, 8));
  expect(all(buffer).every(([, , joined], index) => joined === index > 0)).toBe(true);
});

test("a piece told twice is drawn once", () => {
  const buffer = new TraceBuffer(10_000);
  buffer.add(piece(0, 5));
  buffer.add(piece(0, 5));
  buffer.add(piece(20, 5));
  expect(all(buffer).map(([at]) => at)).toEqual([0, 10, 20, 30, 40, 50, 60]);
});

test("only the asked stretch is read, both ends included", () => {
  const buffer = new TraceBuffer(10_000);
  buffer.add(piece(0, 100));
  expect(all(buffer, 100, 120).map(([at]) => at)).toEqual([100, 110, 120]);
});

test("what is older than told is forgotten", () => {
  const buffer = new TraceBuffer(1000);
  for (let at = 0; at < 5000; at += 100) buffer.add(piece(at, 10));
  expect(all(buffer)[0]?.[0]).toBeGreaterThanOrEqual(3900);
});

test("an empty or impossible piece is nothing", () => {
  const buffer = new TraceBuffer(1000);
  buffer.add(piece(0, 0));
  buffer.add(piece(0, 5, { rate_hz: 0 }));
  expect(buffer.end).toBeNull();
});
