/**
 * Which moment does the live trace show now? (pure)
 *
 * Samples arrive in batches (a gateway folds them), so drawing each batch at once would jerk. The playhead follows
 * the newest sample at a steady distance that is just longer than the batches are apart, at the rate at which the
 * samples' own time passes (faster than the wall in a demo at many times true speed). When it runs dry it waits
 * until the distance is there again.
 */
export interface Playhead {
  /** The moment shown, ms of sample time; null before the first sample. */
  position: number | null;
  /** Wall time at which `position` held, ms. */
  wall: number;
  waiting: boolean;
  /** Newest sample time known, with the wall time of its arrival; the latest few. */
  arrivals: readonly { wall: number; end: number }[];
}

export const START: Playhead = { position: null, wall: 0, waiting: true, arrivals: [] };

const REMEMBERED = 12;
const MARGIN_MS = 250;
const GUESSED_GAP_MS = 1000;
const OUTAGE_GAPS = 3;
/** Beyond this the trace jumps instead of hurrying (a page that slept, a home that came back). */
const FARTHEST_MS = 4000;

/** Samples up to `end` are here, at wall time `wall`. Only news moves the playhead's memory. */
export function arrived(head: Playhead, end: number, wall: number): Playhead {
  const last = head.arrivals.at(-1);
  if (last && end <= last.end) return head;
  // Pieces of one batch arrive within a few milliseconds: they are one arrival.
  const kept = last && wall - last.wall < 50 ? head.arrivals.slice(0, -1) : head.arrivals;
  const moment = last && wall - last.wall < 50 ? last.wall : wall;
  return { ...head, arrivals: [...kept, { wall: moment, end }].slice(-REMEMBERED) };
}

/** Sample time that passes in a millisecond of wall time: 1, unless arrivals say clearly otherwise. */
export function rateOf(head: Playhead): number {
  const first = head.arrivals[0];
  const last = head.arrivals.at(-1);
  if (!first || !last || head.arrivals.length < 3 || last.wall - first.wall < 1500) return 1;
  const rate = (last.end - first.end) / (last.wall - first.wall);
  return Math.abs(rate - 1) < 0.2 ? 1 : Math.min(64, Math.max(0.25, rate));
}

/** How far behind the newest sample the playhead keeps, ms of sample time. */
export function distanceOf(head: Playhead): number {
  const gaps = head.arrivals.slice(1).map(({ wall }, index) => wall - (head.arrivals[index]?.wall ?? wall));
  gaps.sort((a, b) => a - b);
  const usual = gaps[Math.floor((gaps.length - 1) / 2)] ?? GUESSED_GAP_MS;
  // The longest of the usual gaps; one far longer was an outage, which is no reason to lag from now on.
  const gap = gaps.findLast((one) => one <= OUTAGE_GAPS * usual) ?? GUESSED_GAP_MS;
  return (Math.min(gap, 15_000) * 1.1 + MARGIN_MS) * rateOf(head);
}

/** The playhead at wall time `wall`: it never goes back, and never beyond the newest sample. */
export function advance(head: Playhead, wall: number): Playhead {
  const end = head.arrivals.at(-1)?.end;
  if (end === undefined) return { ...head, wall };
  const distance = distanceOf(head);
  if (head.position === null) return { ...head, position: end - distance, wall, waiting: false };
  const behind = end - head.position;
  const rate = rateOf(head);
  if (behind > distance + FARTHEST_MS * rate) return { ...head, position: end - distance, wall, waiting: false };
  const waiting = head.waiting ? behind < distance * 0.9 : behind <= 0;
  if (waiting) return { ...head, wall, waiting };
  const lean = Math.min(0.08, Math.max(-0.08, (behind - distance) / (8 * distance)));
  const passed = Math.max(0, wall - head.wall) * rate * (1 + lean);
  return { ...head, position: Math.min(end, head.position + passed), wall, waiting };
}
