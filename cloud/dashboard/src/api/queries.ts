/** What several features ask the cloud for: the session, the patients, one patient, recent vitals, alerts. */
import { queryOptions } from "@tanstack/react-query";

import { api, client, Refusal, type Account } from "./client.ts";
import { clock } from "./clock.ts";

/** Who is signed in; if nobody, why: never was, the session ended by itself, or they left. */
export type Session = { account: Account } | { account: null; why: "never" | "expired" | "left" };

const SESSION_KEY = ["session"];

/** The session after the cloud refused it: somebody who was in has been put out, nobody stays nobody. */
export function ended(before: Session | undefined): Session {
  if (before === undefined) return { account: null, why: "never" };
  return before.account ? { account: null, why: "expired" } : before;
}

export const sessionQuery = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: async ({ client: cache }): Promise<Session> => {
    try {
      const { data } = await client.GET("/api/session");
      return data ? { account: data } : { account: null, why: "never" };
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return ended(cache.getQueryData<Session>(SESSION_KEY));
      throw error;
    }
  },
  staleTime: Infinity,
});

export const patientsQuery = api.queryOptions("get", "/api/patients");

export function patientQuery(patient: string) {
  return api.queryOptions("get", "/api/patients/{patient}", { params: { path: { patient } } });
}

/** The part of the past that a patient's page shows, in milliseconds. */
export const RECENT_MS = 15 * 60_000;
/** The metrics drawn there. */
export const RECENT_METRICS = ["heart_rate", "spo2", "pulse_rate", "respiratory_rate", "body_temperature"];
/** What people measure now and then, and how old such a value may be and still count as now, ms. */
export const SELDOM_METRICS: ReadonlyMap<string, number> = new Map([
  ["systolic_pressure", 24 * 3_600_000],
  ["blood_glucose", 8 * 3_600_000],
  ["interstitial_glucose", 20 * 60_000],
  ["body_weight", 7 * 24 * 3_600_000],
]);

/** The last quarter of an hour of readings; the window moves with each fetch, so it is not in the key. */
export function recentVitalsQuery(patient: string) {
  return queryOptions({
    queryKey: ["recent-vitals", patient],
    queryFn: async () => {
      const now = clock.now(Date.now());
      const { data } = await client.GET("/api/patients/{patient}/vitals", {
        params: {
          path: { patient },
          query: {
            from: new Date(now - RECENT_MS).toISOString(),
            to: new Date(now + 60_000).toISOString(),
            metrics: RECENT_METRICS.join(","),
          },
        },
      });
      return data ?? [];
    },
    staleTime: Infinity,
  });
}

export const ALERTS_PATH = "/api/alerts";

/** All alerts of the organisation, or one patient's, newest first. */
export function alertsQuery(patient?: string) {
  return api.queryOptions("get", ALERTS_PATH, { params: { query: patient === undefined ? {} : { patient } } });
}
