/** The early-warning score in words: a range where parameters are missing, what brings points, how much of today was measured. */
import type { Coverage, EarlyWarningScore } from "../../api/client.ts";
import { metricWords, plain } from "../../api/words.ts";
import { ageText } from "../../ui/moments.ts";

export type Parameter = EarlyWarningScore["parameters"][number];

const NAMES: Record<string, { name: string; unit: string; decimals: number }> = {
  respiratory_rate: { name: "Respiratory rate", unit: "/min", decimals: 0 },
  spo2: { name: "Oxygen saturation", unit: "%", decimals: 0 },
  pulse: { name: "Pulse", unit: "/min", decimals: 0 },
  systolic_pressure: { name: "Systolic pressure", unit: "mmHg", decimals: 0 },
  temperature: { name: "Temperature", unit: "°C", decimals: 1 },
  supplemental_oxygen: { name: "Oxygen given", unit: "", decimals: 0 },
  consciousness: { name: "Consciousness", unit: "", decimals: 0 },
};

const RESPONSES = ["Nothing measured asks for a response", "Urgent response", "Emergency response"];

/** "3" where nothing is missing, "3 to 14" where something is. */
export function rangeText({ low, high }: { low: number; high: number }): string {
  return low === high ? String(low) : `${String(low)} to ${String(high)}`;
}

export function responseText(score: EarlyWarningScore): string {
  return RESPONSES[score.level] ?? plain(String(score.level));
}

export function nameText(parameter: Parameter): string {
  return NAMES[parameter.name]?.name ?? plain(parameter.name);
}

/** The value with its unit; why there is none. */
export function valueText({ name, value, age_seconds: age }: Parameter): string {
  const words = NAMES[name];
  if (value !== null) return `${value.toFixed(words?.decimals ?? 0)} ${words?.unit ?? ""}`.trim();
  if (age !== null) return `last measured ${ageText(1000 * age)} ago`;
  return words?.unit === "" ? "no wearable knows" : "not measured";
}

/** "3 h 10 min of today" a metric, the most covered first. */
export function coverageTexts(rows: readonly Coverage[]): { metric: string; text: string }[] {
  return rows
    .filter(({ minutes }) => minutes > 0)
    .toSorted((a, b) => b.minutes - a.minutes)
    .map(({ metric, minutes }) => ({ metric: metricWords(metric).long, text: minutesText(minutes) }));
}

export function minutesText(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = `${String(minutes % 60)} min`;
  return hours === 0 ? rest : `${String(hours)} h ${rest}`;
}

/** The patient's local day at a moment, and the one after it, as YYYY-MM-DD. */
export function dayOf(now: number, zone: string): [string, string] {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return [day, next.toISOString().slice(0, 10)];
}
