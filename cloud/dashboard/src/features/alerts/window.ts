/** An alert's window of samples, as its plots need them (pure). */
import type { Piece, Series } from "../../api/client.ts";
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

/** Readings before the window that still counted, for instance a temperature taken an hour ago: the last of each metric. */
export function olderThan(from: number, evidence: readonly Series[]): { series: Series; at: number; value: number }[] {
  return evidence.flatMap((series) => {
    const last = series.at.findLastIndex((at, index) => at < from && series.value[index] !== null);
    const inside = series.at.some((at) => at >= from);
    const at = series.at[last];
    const value = series.value[last];
    return inside || at === undefined || value === null || value === undefined ? [] : [{ series, at, value }];
  });
}
