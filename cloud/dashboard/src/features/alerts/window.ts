/** An alert's window of samples and thresholds, as its plots need them (pure). */
import type { Piece } from "../../api/client.ts";
import type { Read } from "../../ui/sweep.ts";

/** From when to when the pieces reach (ms), and their lowest and highest sample. */
export function extent(pieces: readonly Piece[]): { from: number; to: number; low: number; high: number } {
  let from = Infinity;
  let to = -Infinity;
  let low = Infinity;
  let high = -Infinity;
  for (const { at, rate_hz, values } of pieces) {
    if (values.length === 0) continue;
    from = Math.min(from, at);
    to = Math.max(to, at + (values.length * 1000) / rate_hz);
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return Number.isFinite(from) ? { from, to, low, high } : { from: 0, to: 0, low: 0, high: 0 };
}

/** A hole of more than this many steps lifts the pen. */
const GAP_STEPS = 2.5;

/** A reader over `pieces`, ordered by time; samples that two pieces share are read once. */
export function readPieces(pieces: readonly Piece[]): Read {
  const ordered = [...pieces].sort((a, b) => a.at - b.at);
  return (from, to, visit) => {
    let last: number | null = null;
    for (const { at, rate_hz, values } of ordered) {
      const step = 1000 / rate_hz;
      for (let index = Math.max(0, Math.ceil((from - at) / step)); index < values.length; index += 1) {
        const moment = at + index * step;
        if (moment > to) break;
        if (last !== null && moment <= last + step / 2) continue;
        visit(moment, values[index] ?? 0, last !== null && moment - last <= GAP_STEPS * step);
        last = moment;
      }
    }
  };
}

/** Thresholds that are about one metric ("spo2_low": 92) become lines across its lane. */
export function laneLines(metric: string, thresholds: Readonly<Record<string, number>>): { at: number; label: string }[] {
  return Object.entries(thresholds).flatMap(([name, at]) => {
    if (name === metric) return [{ at, label: `threshold ${at}` }];
    if (!name.startsWith(`${metric}_`)) return [];
    return [{ at, label: `${name.slice(metric.length + 1).replaceAll("_", " ")} ${at}` }];
  });
}
