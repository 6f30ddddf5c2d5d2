/** The one way to the cloud's HTTP API: typed by the generated schema, refusals as errors. */
import createFetchClient, { type Middleware } from "openapi-fetch";
import createQueryClient from "openapi-react-query";

import { clock } from "./clock.ts";
import type { paths } from "./schema.d.ts";

/** The cloud answered and said no. `detail` is its own sentence, fit to be shown. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;
  readonly detail: string;

  constructor(status: number, detail: string) {
    super(`${status} ${detail}`);
    this.status = status;
    this.detail = detail;
  }
}

/** No answer at all: the network or the cloud is away. Trying again later may help. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

/** A failed request in a sentence for the page. (The generated types name the reply's body; the client throws ours.) */
export function failureText(error: unknown): string {
  if (error instanceof Unreachable) return "The cloud does not answer. Check the network and try again.";
  if (error instanceof Refusal) return `The cloud says: ${error.detail}.`;
  return error instanceof Error ? error.message : "For an unknown reason.";
}

type Listener = () => void;
const unauthenticated = new Set<Listener>();

/** Call `listener` whenever any request but the sign-in is refused for want of a session. Returns the way to stop. */
export function onUnauthenticated(listener: Listener): () => void {
  unauthenticated.add(listener);
  return () => unauthenticated.delete(listener);
}

/** The sentence in an error reply; FastAPI writes `detail` as text or, for bad input, as a list. */
export async function detailOf(response: Response): Promise<string> {
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string") {
      return body.detail;
    }
  } catch {
    /* no JSON: the status has to do */
  }
  return response.statusText || `the server answered ${response.status}`;
}

const manners: Middleware = {
  async onResponse({ response, schemaPath }) {
    clock.heardServer(response.headers.get("date"), Date.now());
    if (response.ok) return undefined;
    const refusal = new Refusal(response.status, await detailOf(response));
    if (response.status === 401 && schemaPath !== "/api/session") for (const listener of unauthenticated) listener();
    throw refusal;
  },
  onError({ error }) {
    return error instanceof Refusal ? error : new Unreachable("the cloud does not answer", { cause: error });
  },
};

export const client = createFetchClient<paths>({
  baseUrl: globalThis.location.origin,
  credentials: "same-origin",
  fetch: (request) => globalThis.fetch(request),
});
client.use(manners);

/** Query options and mutations, keyed `[method, path, parameters]`. */
export const api = createQueryClient(client);

type Answer<Path extends keyof paths, Method extends "get" | "post"> = paths[Path][Method] extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

export type Account = Answer<"/api/session", "get">;
export type PatientSummary = Answer<"/api/patients", "get">[number];
export type Patient = Answer<"/api/patients/{patient}", "get">;
export type LatestValue = PatientSummary["latest"][number];
export type Wearable = Patient["wearables"][number];
export type Series = Answer<"/api/patients/{patient}/vitals", "get">[number];
export type Piece = Answer<"/api/patients/{patient}/waveforms", "get">[number];
export type Threshold = Answer<"/api/patients/{patient}/thresholds", "get">[number];
export type Baseline = Answer<"/api/patients/{patient}/baselines", "get">[number];
export type EarlyWarningScore = Answer<"/api/patients/{patient}/early-warning/score", "get">;
export type Coverage = Answer<"/api/patients/{patient}/coverage", "get">[number];
export type ProcessStanding = Answer<"/api/processes", "get">[number];
export type Duty = Answer<"/api/escalation/roster", "get">[number];
export type Ladder = Answer<"/api/escalation/ladder", "get">;
export type LadderStep = Ladder["steps"][number];
export type AlertSummary = Answer<"/api/alerts", "get">[number];
export type Alert = Answer<"/api/alerts/{alert}", "get">;
