/** Which patients does the ward list show, and how does each stand? (pure) */
import type { AlertSummary, LatestValue, PatientSummary } from "../../api/client.ts";
import { STALE_MS } from "../../ui/moments.ts";
import { priorityOf, type Priority } from "../../ui/priority.ts";

export type Filter = "all" | "alerts" | "silent";

export function isFilter(word: string | null): word is Filter {
  return word === "all" || word === "alerts" || word === "silent";
}

/** Nothing was heard of this patient for longer than a value may be old. */
export function isSilent(patient: PatientSummary, now: number): boolean {
  return patient.last_heard_at === null || now - Date.parse(patient.last_heard_at) > STALE_MS;
}

function passes(patient: PatientSummary, filter: Filter, now: number): boolean {
  if (filter === "alerts") return patient.open_alerts > 0;
  return filter === "all" || isSilent(patient, now);
}

export function count(list: readonly PatientSummary[], filter: Filter, now: number): number {
  return list.filter((patient) => passes(patient, filter, now)).length;
}

/** Without case and accents, so that "marin" finds "Marín". */
function bare(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

/** The patients that pass `filter` and whose name has `name` in it, by name: the order never jumps under the hand. */
export function choose(list: readonly PatientSummary[], filter: Filter, name: string, now: number): PatientSummary[] {
  const wanted = bare(name.trim());
  return list
    .filter((patient) => passes(patient, filter, now) && bare(patient.name).includes(wanted))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/** The columns of the ward list. Heart rate comes from the belt; where there is none, the oximeter's pulse stands in. */
export const COLUMNS: readonly (readonly string[])[] = [
  ["heart_rate", "pulse_rate"],
  ["spo2"],
  ["respiratory_rate"],
  ["body_temperature"],
];

/** The newest of the latest values whose metric is one of `metrics`, the first metric preferred while it is not stale. */
export function pick(latest: readonly LatestValue[], metrics: readonly string[], now: number): LatestValue | undefined {
  const known = metrics.flatMap((metric) => latest.find((value) => value.metric === metric) ?? []);
  return known.find((value) => now - Date.parse(value.at) <= STALE_MS) ?? known[0];
}

const URGENCY: Record<Priority, number> = { high: 3, medium: 2, low: 1 };

/** By patient: the most urgent of the alerts that are still raised. */
export function worstOf(alerts: readonly AlertSummary[]): Map<string, Priority> {
  const worst = new Map<string, Priority>();
  for (const { patient, priority, state } of alerts) {
    if (state !== "raised") continue;
    const level = priorityOf(priority);
    const before = worst.get(patient.id);
    if (before === undefined || URGENCY[level] > URGENCY[before]) worst.set(patient.id, level);
  }
  return worst;
}
