/** Times and ages as people read them, always in a named time zone (pure). */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone ?? ""}${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", { ...options, ...(zone === undefined ? {} : { timeZone: zone }) });
  formats.set(key, made);
  return made;
}

/** "14:03:21" */
export function clockTime(at: number, zone?: string): string {
  return format(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
}

/** A time of day says enough for this long, midnight or not (ms). */
const HALF_DAY_MS = 43_200_000;

/** "14:03" today and for half a day, else "20 Nov 14:03". */
export function dayTime(at: number, now: number, zone?: string): string {
  const day = format(zone, { day: "numeric", month: "short", year: "numeric" });
  const time = format(zone, { hour: "2-digit", minute: "2-digit" }).format(at);
  if (Math.abs(now - at) < HALF_DAY_MS || day.format(at) === day.format(now)) return time;
  return `${format(zone, { day: "numeric", month: "short" }).format(at)} ${time}`;
}

/** "21 Nov 2026, 14:03:21 CET" */
export function fullTime(at: number, zone?: string): string {
  return format(zone, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }).format(at);
}

/** "CET", "GMT+1": the short name of `zone` at that moment. */
export function zoneName(at: number, zone?: string): string {
  const parts = format(zone, { hour: "2-digit", timeZoneName: "short" }).formatToParts(at);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "UTC";
}

/** "now", "12 s", "4 min", "3 h", "2 d": how old something of `ms` milliseconds is. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 2) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Whole years from the day `born` ("1948-03-02") to the moment `now`, as the calendar in `zone` counts them. */
export function yearsOld(born: string, now: number, zone?: string): number {
  const [year = 0, month = 1, day = 1] = born.split("-").map(Number);
  const today = new Map(
    format(zone, { year: "numeric", month: "numeric", day: "numeric" })
      .formatToParts(now)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const before = (today.get("month") ?? 1) * 100 + (today.get("day") ?? 1) < month * 100 + day;
  return (today.get("year") ?? year) - year - (before ? 1 : 0);
}

/** A value older than this is no longer "now": it is greyed and says since when (ms). */
export const STALE_MS = 60_000;

export function isStale(at: number, now: number, after = STALE_MS): boolean {
  return now - at > after;
}
