/** Series for a chart of lanes: gaps made visible, scales that do not shout (pure). */
import { gapOf, scaleOf } from "./spark.ts";

export interface Lane {
  id: string;
  label: string;
  unit: string;
  decimals: number;
  colour: string;
  /** The least span of the scale, in `unit`. */
  span: number;
  /** What no value can exceed, for instance 100 %. */
  most?: number | undefined;
  at: readonly number[];
  value: readonly (number | null)[];
}

/** Nothing for this long is a gap, whatever the usual step (ms). */
export const LEAST_GAP_MS = 12_000;

/**
 * uPlot's columns [seconds, values] with a null put into each gap, so that no line is drawn where nothing was
 * measured. A point alone between gaps stays a point.
 */
export function columns(at: readonly number[], value: readonly (number | null)[]): [number[], (number | null)[]] {
  const limit = gapOf(at, LEAST_GAP_MS);
  const xs: number[] = [];
  const ys: (number | null)[] = [];
  at.forEach((moment, index) => {
    const before = at[index - 1];
    if (before !== undefined && moment - before > limit) {
      xs.push((before + 1) / 1000);
      ys.push(null);
    }
    xs.push(moment / 1000);
    ys.push(value[index] ?? null);
  });
  return [xs, ys];
}

/** The lane's vertical range: all its values and at least its span, on whole steps of its own size. */
export function rangeOf(lane: Lane): [number, number] {
  const numbers = lane.value.filter((value): value is number => value !== null);
  const [low, high] = scaleOf(numbers, lane.span);
  const grain = lane.span >= 10 ? 5 : lane.span >= 4 ? 1 : 0.5;
  const top = Math.ceil(high / grain) * grain;
  return [Math.floor(low / grain) * grain, lane.most === undefined ? top : Math.min(top, lane.most)];
}
