import { expect, test } from "vitest";

import { alert, latest, patient } from "../../testing/replies.ts";
import { choose, count, isFilter, isSilent, pick, worstOf } from "./ward.ts";

const NOW = 1_000_000;
const heard = (ago: number) => new Date(NOW - ago).toISOString();

const WARD = [
  patient({ id: "1", name: "Élodie Marín", last_heard_at: heard(5000), open_alerts: 2 }),
  patient({ id: "2", name: "Bruno Keller", last_heard_at: heard(90_000) }),
  patient({ id: "3", name: "Ada Lindqvist", last_heard_at: null }),
];

test("patients stand by name", () => {
  expect(choose(WARD, "all", "", NOW).map(({ id }) => id)).toEqual(["3", "2", "1"]);
});

test("silence is a minute without a word, or never one", () => {
  expect(WARD.map((one) => isSilent(one, NOW))).toEqual([false, true, true]);
  expect(count(WARD, "silent", NOW)).toBe(2);
  expect(choose(WARD, "alerts", "", NOW).map(({ id }) => id)).toEqual(["1"]);
});

test("a name is found without its accents and in any case", () => {
  expect(choose(WARD, "all", " MARIN ", NOW).map(({ id }) => id)).toEqual(["1"]);
  expect(choose(WARD, "all", "zzz", NOW)).toEqual([]);
});

test("the pulse stands in for a heart rate that is missing or stale", () => {
  const old = latest("heart_rate", NOW - 120_000, 70);
  const pulse = latest("pulse_rate", NOW - 1000, 72);
  expect(pick([old, pulse], ["heart_rate", "pulse_rate"], NOW)).toBe(pulse);
  expect(pick([old], ["heart_rate", "pulse_rate"], NOW)).toBe(old);
  expect(pick([latest("heart_rate", NOW, 70), pulse], ["heart_rate", "pulse_rate"], NOW)?.metric).toBe("heart_rate");
  expect(pick([], ["spo2"], NOW)).toBeUndefined();
});

test("the most urgent raised alert counts; an unknown priority is taken as the most urgent", () => {
  const worst = worstOf([
    alert("a", 1, { priority: "low" }),
    alert("b", 2, { priority: "medium" }),
    alert("c", 3, { priority: "high", state: "closed" }),
    alert("d", 4, { patient: { id: "p2", name: "B" }, priority: "unheard-of" }),
  ]);
  expect(Object.fromEntries(worst)).toEqual({ p1: "medium", p2: "high" });
});

test("only the filters we have are filters", () => {
  expect(["all", "alerts", "silent", "loud", null].map(isFilter)).toEqual([true, true, true, false, false]);
});
