/** Readings as the API says them: merging what arrives live into what was fetched (pure). */
import type { LatestValue, Series } from "./client.ts";

/**
 * Merge `fresh` into `known`: by metric, ordered by time, one value a moment (the fresh one wins),
 * nothing before `since` (ms). Late arrivals find their place.
 */
export function mergeSeries(known: readonly Series[], fresh: readonly Series[], since: number): Series[] {
  const merged = new Map(known.map((series) => [series.metric, series]));
  for (const series of fresh) {
    const before = merged.get(series.metric);
    merged.set(series.metric, before ? join(before, series) : series);
  }
  return [...merged.values()].map((series) => cut(series, since));
}

function join(known: Series, fresh: Series): Series {
  if (fresh.at.length === 0) return known;
  const last = known.at.at(-1);
  const first = fresh.at[0];
  if (last === undefined || (first !== undefined && first > last && ascending(fresh.at))) {
    return { ...known, at: [...known.at, ...fresh.at], value: [...known.value, ...fresh.value] };
  }
  const values = new Map<number, number | null>();
  for (const { at, value } of [known, fresh]) at.forEach((moment, index) => values.set(moment, value[index] ?? null));
  const ordered = [...values].sort(([a], [b]) => a - b);
  return { ...known, at: ordered.map(([at]) => at), value: ordered.map(([, value]) => value) };
}

function ascending(at: readonly number[]): boolean {
  return at.every((moment, index) => index === 0 || moment > (at[index - 1] ?? 0));
}

function cut(series: Series, since: number): Series {
  const keep = series.at.findIndex((at) => at >= since);
  if (keep === 0) return series;
  if (keep < 0) return { ...series, at: [], value: [] };
  return { ...series, at: series.at.slice(keep), value: series.value.slice(keep) };
}

/**
 * The latest values after `fresh` arrived; a metric not seen before is added. An older value never replaces a
 * newer one. A series does not say why a value is absent: the reason last known stays until a number comes.
 */
export function mergeLatest(known: readonly LatestValue[], fresh: readonly Series[]): LatestValue[] {
  const latest = new Map(known.map((value) => [value.metric, value]));
  for (const series of fresh) {
    const at = series.at.at(-1);
    if (at === undefined) continue;
    const before = latest.get(series.metric);
    if (before && Date.parse(before.at) > at) continue;
    const value = series.value.at(-1) ?? null;
    latest.set(series.metric, {
      metric: series.metric,
      unit: series.unit,
      decimals: series.decimals,
      value,
      absence: value === null ? (before?.absence ?? null) : null,
      at: new Date(at).toISOString(),
    });
  }
  return [...latest.values()];
}

/** The newest moment in `series` (ms), or null when it is empty. */
export function newest(series: readonly Series[]): number | null {
  const ends = series.flatMap((one) => one.at.at(-1) ?? []);
  return ends.length > 0 ? Math.max(...ends) : null;
}
