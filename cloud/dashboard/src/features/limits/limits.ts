/** A patient's limits between the cloud and a form: numbers as people type them, and what is wrong with them in a sentence. */
import type { Baseline, Threshold } from "../../api/client.ts";
import { metricWords } from "../../api/words.ts";

/** The metrics a person may set limits for, with the unit and the steps of the form. */
export const LIMITED: readonly { metric: string; unit: string }[] = [
  { metric: "heart_rate", unit: "/min" },
  { metric: "spo2", unit: "%" },
  { metric: "respiratory_rate", unit: "/min" },
  { metric: "body_temperature", unit: "°C" },
  { metric: "systolic_pressure", unit: "mmHg" },
  { metric: "interstitial_glucose", unit: "mg/dL" },
  { metric: "blood_glucose", unit: "mg/dL" },
];

/** How long limits may be left before it is said, s. The home watches those of up to ten minutes by itself. */
export const DURATIONS: readonly number[] = [10, 30, 60, 300, 600, 1800, 3600];

export interface Draft {
  low: string;
  high: string;
  seconds: number;
  priority: Threshold["priority"];
}

export type Drafts = Record<string, Draft>;

const EMPTY: Draft = { low: "", high: "", seconds: 60, priority: "medium" };

export function draftsOf(thresholds: readonly Threshold[]): Drafts {
  const given = new Map(thresholds.map((each) => [each.metric, each]));
  const metrics = new Set([...LIMITED.map(({ metric }) => metric), ...given.keys()]);
  return Object.fromEntries(
    [...metrics].map((metric) => {
      const threshold = given.get(metric);
      if (!threshold) return [metric, EMPTY];
      const { low, high, for_seconds: seconds, priority } = threshold;
      return [metric, { low: text(low), high: text(high), seconds, priority }];
    }),
  );
}

function text(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}

function number(typed: string): number | null {
  const trimmed = typed.trim().replace(",", ".");
  return trimmed === "" ? null : Number(trimmed);
}

/** What is wrong with a draft, in a sentence; null where nothing is. */
export function fault(metric: string, draft: Draft): string | null {
  const [low, high] = [number(draft.low), number(draft.high)];
  const name = metricWords(metric).long;
  if (Number.isNaN(low) || Number.isNaN(high)) return `${name}: a limit is a number, or empty`;
  if (low !== null && high !== null && low >= high) return `${name}: the lower limit is not below the upper one`;
  return null;
}

/** The limits that the drafts stand for; a metric without any is left out. */
export function thresholdsOf(drafts: Drafts): Threshold[] {
  return Object.entries(drafts).flatMap(([metric, { low, high, seconds, priority }]) => {
    const bounds = { low: number(low), high: number(high) };
    return bounds.low === null && bounds.high === null ? [] : [{ metric, ...bounds, for_seconds: seconds, priority }];
  });
}

export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;
}

/** "45 to 120", "not above 120", "not below 90". */
export function rangeText({ low, high }: Threshold): string {
  if (low === null || low === undefined) return `not above ${text(high)}`;
  return high === null || high === undefined ? `not below ${text(low)}` : `${text(low)} to ${text(high)}`;
}

export function usualText(baseline: Baseline): string {
  const digits = baseline.metric === "body_temperature" ? 1 : 0;
  return `usually ${baseline.median.toFixed(digits)} ± ${baseline.spread.toFixed(1)}`;
}
