import { expect, test } from "vitest";

import { alert } from "../testing/replies.ts";
import { heard, NO_CARDS, putAway } from "./alert-cards.ts";

const raised = alert("a1", 1000, { level: -1 });

test("a new alert has one card, however often it changes", () => {
  const cards = [raised, { ...raised, level: 0, version: 2 }, alert("a2", 2000), { ...raised, occurrences: 2, version: 3 }].reduce(heard, NO_CARDS);
  expect(cards.alerts.map(({ id }) => id)).toEqual(["a2", "a1"]);
  expect(cards.alerts[1]?.occurrences).toBe(2);
});

test("what somebody has taken leaves every page", () => {
  const cards = heard(heard(NO_CARDS, raised), { ...raised, state: "acknowledged", version: 2 });
  expect(cards.alerts).toEqual([]);
});

test("what was put away comes back only when the next level is asked", () => {
  const away = putAway(heard(NO_CARDS, raised), "a1");
  expect(heard(away, { ...raised, level: 0, version: 2 }).alerts).toEqual([]);
  expect(heard(away, { ...raised, state: "escalated", level: 1, version: 3 }).alerts).toHaveLength(1);
  expect(putAway(away, "a9")).toBe(away);
});
