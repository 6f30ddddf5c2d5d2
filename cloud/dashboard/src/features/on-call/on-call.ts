/** Who is told when: the roster and the ladder between the cloud and the page (pure). */
import type { Duty, Ladder, LadderStep } from "../../api/client.ts";

export type Priority = LadderStep["priority"];

export const PRIORITIES: readonly Priority[] = ["high", "medium", "low"];
const SHORTEST_S = 30;
const LONGEST_S = 604_800;
const MOST_LEVELS = 10;

/** "2 min", "1 h 30 min", "90 s". */
export function pauseText(seconds: number): string {
  if (seconds % 60 !== 0) return `${String(seconds)} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), (seconds / 60) % 60];
  if (hours === 0) return `${String(minutes)} min`;
  return minutes === 0 ? `${String(hours)} h` : `${String(hours)} h ${String(minutes)} min`;
}

/** "First", "Second", … as people call the levels of a ladder. */
export function levelText(level: number): string {
  return ["First", "Second", "Third", "Fourth", "Fifth"][level] ?? `Level ${String(level + 1)}`;
}

/** Per priority, when each level is told, in seconds after the alert was raised; the last is told again and again. */
export function momentsOf(steps: readonly LadderStep[], priority: Priority): { level: number; after: number; again: number | null }[] {
  const own = stepsOf(steps, priority);
  return own.map(({ level, seconds }, place) => ({
    level,
    after: own.slice(0, place).reduce((sum, step) => sum + step.seconds, 0),
    again: place === own.length - 1 ? seconds : null,
  }));
}

function stepsOf(steps: readonly LadderStep[], priority: Priority): LadderStep[] {
  return steps.filter((step) => step.priority === priority).toSorted((a, b) => a.level - b.level);
}

/** A ladder while it is changed: minutes as people type them, a list a priority. */
export type LadderDraft = Record<Priority, string[]>;

export function draftOf({ steps }: Ladder): LadderDraft {
  const minutes = (priority: Priority) => stepsOf(steps, priority).map(({ seconds }) => String(seconds / 60));
  return { high: minutes("high"), medium: minutes("medium"), low: minutes("low") };
}

/** What is wrong with a draft, in a sentence; null where nothing is. */
export function ladderFault(draft: LadderDraft): string | null {
  for (const priority of PRIORITIES) {
    if (draft[priority].length > MOST_LEVELS) return `${priority}: at most ${String(MOST_LEVELS)} levels`;
    for (const typed of draft[priority]) {
      const seconds = 60 * numberOf(typed);
      if (!(seconds >= SHORTEST_S && seconds <= LONGEST_S)) return `${priority}: minutes between 0.5 and 10080, not "${typed}"`;
    }
  }
  return null;
}

export function ladderStepsOf(draft: LadderDraft): LadderStep[] {
  return PRIORITIES.flatMap((priority) =>
    draft[priority].map((typed, level) => ({ priority, level, seconds: Math.round(60 * numberOf(typed)) })),
  );
}

function numberOf(typed: string): number {
  const trimmed = typed.trim().replace(",", ".");
  return trimmed === "" ? Number.NaN : Number(trimmed);
}

/** The duties that hold at a moment, by level. */
export function onCallAt(duties: readonly Duty[], now: number): Duty[] {
  return duties
    .filter(({ since, until }) => Date.parse(since) <= now && now < Date.parse(until))
    .toSorted((a, b) => a.level - b.level || a.name.localeCompare(b.name));
}

/** Until when somebody is on call at the first level without a gap; null where nobody is now. */
export function coveredUntil(duties: readonly Duty[], now: number): number | null {
  const spans = duties
    .filter(({ level }) => level === 0)
    .map(({ since, until }) => [Date.parse(since), Date.parse(until)] as const)
    .toSorted(([a], [b]) => a - b);
  let covered = now;
  for (const [since, until] of spans) if (since <= covered && until > covered) covered = until;
  return covered === now ? null : covered;
}

/** What is wrong with a duty that is to be added; null where nothing is. Moments as a form gives them ("2027-01-15T08:00"), local. */
export function dutyFault(account: string, since: string, until: string): string | null {
  if (account === "") return "Choose who is on call";
  const [from, to] = [Date.parse(since), Date.parse(until)];
  if (Number.isNaN(from) || Number.isNaN(to)) return "Say from when and until when";
  if (to <= from) return "The duty ends before it begins";
  return to - from > 62 * 86_400_000 ? "At most 62 days at once" : null;
}

/** A moment as a form wants it, local, to the minute. */
export function localMinute(at: number): string {
  const moment = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return moment.toISOString().slice(0, 16);
}
