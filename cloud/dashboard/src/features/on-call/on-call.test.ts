import { expect, test } from "vitest";

import type { Duty, LadderStep } from "../../api/client.ts";
import { coveredUntil, draftOf, dutyFault, ladderFault, ladderStepsOf, levelText, localMinute, momentsOf, onCallAt, pauseText } from "./on-call.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2027, 0, 15, 8);
const STEPS: LadderStep[] = [
  { priority: "high", level: 1, seconds: 300 },
  { priority: "high", level: 0, seconds: 120 },
  { priority: "low", level: 0, seconds: 3600 },
];

function duty(name: string, level: number, from: number, to: number): Duty {
  const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();
  return { id: `${name} ${String(level)} ${String(from)}`, account: name, name, level, since: at(from), until: at(to) };
}

test("a ladder says when each level is told, and how often the last", () => {
  expect(momentsOf(STEPS, "high")).toEqual([
    { level: 0, after: 0, again: null },
    { level: 1, after: 120, again: 300 },
  ]);
  expect(momentsOf(STEPS, "medium")).toEqual([]);
  expect([90, 120, 3600, 5400].map((seconds) => pauseText(seconds))).toEqual(["90 s", "2 min", "1 h", "1 h 30 min"]);
  expect([levelText(0), levelText(6)]).toEqual(["First", "Level 7"]);
});

test("a ladder goes into a form and back unchanged", () => {
  const draft = draftOf({ own: true, steps: STEPS });
  expect(draft).toEqual({ high: ["2", "5"], medium: [], low: ["60"] });
  expect(ladderStepsOf(draft)).toEqual([STEPS[1], STEPS[0], STEPS[2]]);
  expect(ladderFault(draft)).toBeNull();
});

test("minutes that are none are refused in a sentence", () => {
  for (const typed of ["", "soon", "0.4", "10081", "-1"]) expect(ladderFault({ high: [typed], medium: [], low: [] })).toContain(`"${typed}"`);
  expect(ladderFault({ high: ["1,5"], medium: [], low: [] })).toBeNull();
});

test("who is on call now, by level", () => {
  const duties = [duty("later", 0, 1, 2), duty("second", 1, -1, 1), duty("first", 0, -2, 1), duty("gone", 0, -3, 0)];
  expect(onCallAt(duties, NOW).map(({ name }) => name)).toEqual(["first", "second"]);
});

test("the first level is covered until the first gap", () => {
  expect(coveredUntil([duty("a", 0, -1, 2), duty("b", 0, 2, 5), duty("c", 0, 6, 8), duty("d", 1, 5, 6)], NOW)).toBe(NOW + 5 * HOUR);
  expect(coveredUntil([duty("a", 1, -1, 2), duty("b", 0, 1, 2)], NOW)).toBeNull();
});

test("a duty has somebody, an end after its beginning, and no more than two months", () => {
  expect(dutyFault("", "2027-01-15T08:00", "2027-01-15T20:00")).toContain("Choose");
  expect(dutyFault("a", "", "2027-01-15T20:00")).toContain("from when");
  expect(dutyFault("a", "2027-01-15T20:00", "2027-01-15T08:00")).toContain("before");
  expect(dutyFault("a", "2027-01-15T20:00", "2027-04-15T08:00")).toContain("62");
  expect(dutyFault("a", "2027-01-15T08:00", "2027-01-15T20:00")).toBeNull();
  expect(Date.parse(localMinute(NOW))).toBe(NOW);
});
