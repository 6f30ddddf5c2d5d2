/** The words of the catalogue as people read them: metrics, units, alert kinds, reasons for a missing number. */

interface MetricWords {
  /** As on a monitor. */
  short: string;
  long: string;
  /** The CSS variable of its colour, as monitors have it. */
  colour: string;
  /** The least span of its scale on a chart, in its unit, so that noise does not look like change. */
  span: number;
  /** What no value can exceed. */
  most?: number;
}

const METRICS: Record<string, MetricWords> = {
  heart_rate: { short: "HR", long: "Heart rate", colour: "var(--heart)", span: 40 },
  rr_interval: { short: "RR", long: "R-R interval", colour: "var(--heart)", span: 400 },
  pulse_rate: { short: "Pulse", long: "Pulse rate", colour: "var(--oxygen)", span: 40 },
  spo2: { short: "SpO₂", long: "Oxygen saturation", colour: "var(--oxygen)", span: 12, most: 100 },
  respiratory_rate: { short: "Resp", long: "Respiratory rate", colour: "var(--breath)", span: 16 },
  body_temperature: { short: "Temp", long: "Body temperature", colour: "var(--warmth)", span: 2 },
  systolic_pressure: { short: "BP", long: "Blood pressure", colour: "var(--heart)", span: 40 },
  diastolic_pressure: { short: "Dia", long: "Diastolic pressure", colour: "var(--heart)", span: 30 },
  mean_pressure: { short: "MAP", long: "Mean arterial pressure", colour: "var(--heart)", span: 30 },
  blood_glucose: { short: "Glucose", long: "Blood glucose", colour: "var(--breath)", span: 100 },
  interstitial_glucose: { short: "CGM", long: "Continuous glucose", colour: "var(--breath)", span: 100 },
  body_weight: { short: "Weight", long: "Body weight", colour: "var(--ink-2)", span: 4 },
  battery: { short: "Battery", long: "Battery", colour: "var(--ink-2)", span: 20 },
  ecg: { short: "ECG", long: "Electrocardiogram", colour: "var(--heart)", span: 2 },
  plethysmogram: { short: "Pleth", long: "Plethysmogram", colour: "var(--oxygen)", span: 0.2 },
  respiration: { short: "Resp", long: "Respiration", colour: "var(--breath)", span: 0.2 },
};

/** "early_warning" -> "Early warning": for words that came after this page was built. */
export function plain(name: string): string {
  return sentence(name.trim());
}

export function metricWords(metric: string): MetricWords {
  return METRICS[metric] ?? { short: plain(metric), long: plain(metric), colour: "var(--ink-2)", span: 1 };
}

/** A UCUM unit as it is printed beside a number. */
export function unitText(ucum: string): string {
  if (ucum === "Cel") return "°C";
  if (ucum === "mm[Hg]") return "mmHg";
  return ucum === "1" ? "" : ucum;
}

const KINDS: Record<string, string> = {
  baseline: "Unusual for this person",
  early_warning: "Early-warning score",
  glucose: "Glucose",
  silence: "No data",
  silent_home: "The hub at home is silent",
  threshold: "Outside the limits",
  vital_anomaly: "Unusual vital signs",
  vital_trend: "Vital signs are changing together",
  atrial_fibrillation: "Possible atrial fibrillation",
  ventricular_tachycardia: "Run of ventricular beats",
  pause: "No heartbeat seen",
};

/** A detector's sentence as people read it: "respiratory_rate 24" -> "respiratory rate 24", and a capital at the start. */
export function sentence(text: string): string {
  const words = text.replaceAll(/[a-z0-9]+(?:_[a-z0-9]+)+/gu, (name) => name.replaceAll("_", " ")).replaceAll(/\bspo2\b/giu, "SpO₂");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function kindText(kind: string): string {
  return KINDS[kind] ?? plain(kind);
}

const WEARABLES: Record<string, string> = {
  heart_rate_belt: "Heart-rate belt",
  pulse_oximeter: "Pulse oximeter",
  thermometer: "Thermometer",
  ecg_patch: "ECG patch",
  blood_pressure_cuff: "Blood-pressure cuff",
  weight_scale: "Scale",
  glucose_meter: "Glucose meter",
  glucose_sensor: "Glucose sensor",
};

export function wearableText(kind: string): string {
  return WEARABLES[kind] ?? plain(kind);
}

/** Names of `protocol.metrics.Absence`. */
const ABSENCES: Record<string, string> = {
  nan: "no number",
  nres: "not at this resolution",
  positive_infinity: "above range",
  negative_infinity: "below range",
  reserved: "no number",
  off_body: "off the body",
  out_of_range: "implausible",
  invalid: "invalid",
  time_unknown: "time unknown",
};

/** Why a sensor that spoke gave no number, in two or three words. */
export function absenceText(absence: string | null | undefined): string {
  return ABSENCES[absence?.toLowerCase() ?? ""] ?? "no number";
}
