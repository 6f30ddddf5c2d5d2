/** What a live message changes in the query cache. */
import type { QueryClient } from "@tanstack/react-query";

import type { AlertSummary, Patient, PatientSummary, Series } from "./client.ts";
import { clock } from "./clock.ts";
import type { LiveMessage } from "./live.ts";
import { ALERTS_PATH, patientQuery, patientsQuery, RECENT_METRICS, RECENT_MS, recentVitalsQuery } from "./queries.ts";
import { mergeLatest, mergeSeries, newest } from "./series.ts";

/** Write `message` into `cache`: values at once; lists that only the cloud can count are asked for again. */
export function apply(cache: QueryClient, message: LiveMessage): void {
  switch (message.type) {
    case "reading":
      applyReading(cache, message.patient, message.series);
      break;
    case "alert":
      applyAlert(cache, message.alert);
      break;
    case "touched":
      refresh(cache, patientsQuery.queryKey);
      break;
    case "waveform":
      break; // samples go past the cache, straight to the trace that draws them
  }
}

/** After a reconnection nobody knows what was missed: ask for everything on the screen again. */
export function catchUp(cache: QueryClient): void {
  void cache.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
}

function applyReading(cache: QueryClient, patient: string, series: Series[]): void {
  const at = newest(series);
  if (at === null) return;
  clock.sawSample(at);
  const heard = new Date(at).toISOString();
  cache.setQueryData<PatientSummary[]>(patientsQuery.queryKey, (list) =>
    list?.map((one) =>
      one.id === patient ? { ...one, latest: mergeLatest(one.latest, series), last_heard_at: heard } : one,
    ),
  );
  cache.setQueryData<Patient>(patientQuery(patient).queryKey, (one) =>
    one ? { ...one, latest: mergeLatest(one.latest, series) } : one,
  );
  const drawn = series.filter(({ metric }) => RECENT_METRICS.includes(metric));
  cache.setQueryData<Series[]>(recentVitalsQuery(patient).queryKey, (known) =>
    known ? mergeSeries(known, drawn, at - RECENT_MS) : known,
  );
}

function applyAlert(cache: QueryClient, alert: AlertSummary): void {
  const lists = cache.getQueriesData<AlertSummary[]>({ queryKey: ["get", ALERTS_PATH] });
  for (const [key, list] of lists) {
    if (!Array.isArray(list) || !concerns(key, alert)) continue;
    cache.setQueryData<AlertSummary[]>(key, insert(list, alert));
  }
  refresh(cache, patientsQuery.queryKey);
  void cache.invalidateQueries({ predicate: ({ queryKey }) => isAbout(queryKey, alert.id) });
}

/** Is this the query of one alert, or of its history? */
function isAbout(key: readonly unknown[], alert: string): boolean {
  const asked = key[2] as { params?: { path?: { alert?: string } } } | undefined;
  return asked?.params?.path?.alert === alert;
}

/** Is `alert` one of those that the list under `key` holds? (Its key names the patient, or none for all.) */
function concerns(key: readonly unknown[], alert: AlertSummary): boolean {
  const asked = key[2] as { params?: { query?: { patient?: string } } } | undefined;
  const patient = asked?.params?.query?.patient;
  return patient === undefined || patient === alert.patient.id;
}

/** `list` with `alert` in it once, newest first. */
export function insert(list: readonly AlertSummary[], alert: AlertSummary): AlertSummary[] {
  const others = list.filter(({ id }) => id !== alert.id);
  return [alert, ...others].sort((a, b) => Date.parse(b.raised_at) - Date.parse(a.raised_at));
}

const QUIET_MS = 1500;
const waiting = new WeakMap<QueryClient, Set<string>>();

/** Ask again for `key`, at most once every QUIET_MS however many messages say so. */
function refresh(cache: QueryClient, key: readonly unknown[]): void {
  const pending = waiting.get(cache) ?? new Set<string>();
  waiting.set(cache, pending);
  const name = JSON.stringify(key);
  if (pending.has(name)) return;
  pending.add(name);
  setTimeout(() => {
    pending.delete(name);
    void cache.invalidateQueries({ queryKey: key });
  }, QUIET_MS);
}
