/** Replies of the cloud as tests want them, typed by the generated schema; and a fetch that gives them. */
import type { AlertSummary, LatestValue, PatientSummary, Piece, Series } from "../api/client.ts";

export function series(metric: string, points: readonly [at: number, value: number | null][]): Series {
  return { metric, unit: "/min", decimals: 0, at: points.map(([at]) => at), value: points.map(([, value]) => value), grain: "reading" };
}

export function latest(metric: string, at: number, value: number | null, absence: string | null = null): LatestValue {
  return { metric, unit: "/min", decimals: 0, value, absence, at: new Date(at).toISOString() };
}

export function patient(over: Partial<PatientSummary> = {}): PatientSummary {
  return { id: "p1", name: "Ada Lindqvist", born: "1948-03-02", zone: "Europe/Stockholm", latest: [], open_alerts: 0, last_heard_at: null, ...over };
}

export function alert(id: string, at: number, over: Partial<AlertSummary> = {}): AlertSummary {
  return {
    id,
    patient: { id: "p1", name: "Ada Lindqvist" },
    kind: "early_warning",
    priority: "high",
    state: "raised",
    score: 7,
    raised_at: new Date(at).toISOString(),
    explanation: "Respiratory rate 26 /min scores 3.",
    level: 0,
    due_at: null,
    owner: null,
    occurrences: 1,
    last_at: new Date(at).toISOString(),
    version: 1,
    ...over,
  };
}

/** A piece of `samples` samples, each its own number counted from `first`. */
export function piece(at: number, samples: number, over: Partial<Piece> & { first?: number } = {}): Piece {
  const { first = 0, ...rest } = over;
  return { metric: "ecg", unit: "mV", at, rate_hz: 100, values: Array.from({ length: samples }, (_, index) => first + index), ...rest };
}

/** A `fetch` that answers "GET /api/session" and the like from a table; anything else is 404. */
export function cloudOf(table: Record<string, () => Response>): typeof fetch {
  return (input, init) => {
    const request = new Request(input, init);
    const reply = table[`${request.method} ${new URL(request.url).pathname}`];
    return Promise.resolve(reply ? reply() : Response.json({ detail: "not found" }, { status: 404 }));
  };
}
