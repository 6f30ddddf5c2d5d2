import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { alert, latest, patient, series } from "../testing/replies.ts";
import type { PatientSummary } from "./client.ts";
import { apply, insert } from "./live-cache.ts";
import { alertsQuery, patientsQuery, recentVitalsQuery } from "./queries.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const READING = { type: "reading", patient: "p1", series: [series("heart_rate", [[2000, 61]])] } as const;

test("a reading becomes the patient's latest value, and nobody else's", () => {
  const cache = new QueryClient();
  const others = patient({ id: "p2", latest: [latest("heart_rate", 1000, 80)] });
  cache.setQueryData(patientsQuery.queryKey, [patient({ latest: [latest("heart_rate", 1000, 60)] }), others]);
  apply(cache, { ...READING, series: [...READING.series] });
  const [one, two] = cache.getQueryData<PatientSummary[]>(patientsQuery.queryKey) ?? [];
  expect(one?.latest[0]?.value).toBe(61);
  expect(one?.last_heard_at).toBe(new Date(2000).toISOString());
  expect(two).toEqual(others);
});

test("a reading joins the recent vitals when they are known, and invents nothing when they are not", () => {
  const cache = new QueryClient();
  apply(cache, { ...READING, series: [...READING.series] });
  expect(cache.getQueryData(recentVitalsQuery("p1").queryKey)).toBeUndefined();
  cache.setQueryData(recentVitalsQuery("p1").queryKey, [series("heart_rate", [[1000, 60]])]);
  apply(cache, { ...READING, series: [...READING.series] });
  expect(cache.getQueryData(recentVitalsQuery("p1").queryKey)).toEqual([series("heart_rate", [[1000, 60], [2000, 61]])]);
});

test("an alert joins the list of all and its own patient's, not another's", () => {
  const cache = new QueryClient();
  for (const query of [alertsQuery(), alertsQuery("p1"), alertsQuery("p2")]) cache.setQueryData(query.queryKey, []);
  apply(cache, { type: "alert", alert: alert("a1", 1000) });
  expect(cache.getQueryData(alertsQuery().queryKey)).toHaveLength(1);
  expect(cache.getQueryData(alertsQuery("p1").queryKey)).toHaveLength(1);
  expect(cache.getQueryData(alertsQuery("p2").queryKey)).toHaveLength(0);
});

test("an alert told twice stands on the list once, the newest first", () => {
  const list = insert(insert([alert("a1", 1000)], alert("a2", 3000)), alert("a2", 3000));
  expect(list.map(({ id }) => id)).toEqual(["a2", "a1"]);
  expect(insert(list, alert("a0", 2000)).map(({ id }) => id)).toEqual(["a2", "a0", "a1"]);
});

test("however often patients are touched, the list is asked for once a while", () => {
  const cache = new QueryClient();
  const asked = vi.spyOn(cache, "invalidateQueries");
  for (let touch = 0; touch < 20; touch += 1) apply(cache, { type: "touched", patient: `p${touch}` });
  expect(asked).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1600);
  expect(asked).toHaveBeenCalledTimes(1);
});
