/** The live feed: one WebSocket, kept open, reconnected with back-off, its state always known. */
import type { components } from "./schema.d.ts";

type Said = components["schemas"];
export type LiveMessage = Said["LiveReading"] | Said["LiveWaveform"] | Said["LiveAlert"] | Said["LiveTouched"];

/** Whether what is on the screen follows the patient. `since` is the browser's clock, ms. */
export interface LiveState {
  phase: "connecting" | "live" | "lost";
  since: number;
}

/** What the feed needs of a WebSocket. */
export interface Socket {
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** Where the feed gets sockets, time, waiting and dice: the browser, or a test. */
export interface World {
  /** `gap`: seconds for which nothing was heard; what was stored in it is told first. */
  open(gap: number): Socket;
  now(): number;
  random(): number;
  later(ms: number, then: () => void): () => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** How long to wait before try number `attempt` (0 = first), with a fifth of dice so that a ward does not knock at once. */
export function waitBefore(attempt: number, dice: number): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(wait * (0.8 + 0.4 * dice));
}

const LONGEST_GAP_S = 3600;

/** For how many seconds nothing may have been heard, a few too many; 0 for a page that has just opened and asks for everything anyway. */
export function gapSeconds(heardAt: number | null, now: number): number {
  if (heardAt === null) return 0;
  return Math.min(LONGEST_GAP_S, Math.max(0, Math.ceil((now - heardAt) / 1000)) + 30);
}

const KINDS = new Set(["reading", "waveform", "alert", "touched"]);

/** A message of the feed, or null for anything else (a newer server may say more than we know). */
export function parse(text: unknown): LiveMessage | null {
  if (typeof text !== "string") return null;
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== "object" || message === null || !("type" in message)) return null;
    return KINDS.has(String(message.type)) ? (message as LiveMessage) : null;
  } catch {
    return null;
  }
}

/** Keeps one socket open from `start` to `stop` and tells its listeners what comes. */
export class LiveFeed {
  #world: World;
  #socket: Socket | null = null;
  #state: LiveState;
  #attempt = 0;
  #heardAt: number | null = null;
  #cancelWait: (() => void) | null = null;
  #watched: string | null = null;
  #running = false;
  #messages = new Set<(message: LiveMessage) => void>();
  #states = new Set<() => void>();

  constructor(world: World) {
    this.#world = world;
    this.#state = { phase: "connecting", since: world.now() };
  }

  get state(): LiveState {
    return this.#state;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#attempt = 0;
    this.#become("connecting");
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#cancelWait?.();
    this.#cancelWait = null;
    this.#drop();
  }

  /** Try again now: the network came back, or somebody pressed the button. */
  hurry(): void {
    if (!this.#running || this.#state.phase === "live") return;
    this.#attempt = 0;
    this.#cancelWait?.();
    this.#drop();
    this.#connect();
  }

  /** Ask for one patient's readings and waveforms; null for none. Said again after each reconnection. */
  watch(patient: string | null): void {
    if (patient === this.#watched) return;
    this.#watched = patient;
    if (this.#state.phase === "live") this.#sayWatch();
  }

  onMessage(listener: (message: LiveMessage) => void): () => void {
    this.#messages.add(listener);
    return () => this.#messages.delete(listener);
  }

  onState(listener: () => void): () => void {
    this.#states.add(listener);
    return () => this.#states.delete(listener);
  }

  #connect(): void {
    const socket = this.#world.open(gapSeconds(this.#heardAt, this.#world.now()));
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      this.#heardAt = this.#world.now();
      this.#become("live");
      if (this.#watched !== null) this.#sayWatch();
    };
    socket.onmessage = (event) => {
      this.#heardAt = this.#world.now();
      const message = parse(event.data);
      if (message) for (const listener of this.#messages) listener(message);
    };
    socket.onclose = () => {
      this.#lost();
    };
  }

  #lost(): void {
    this.#socket = null;
    if (!this.#running) return;
    this.#become("lost");
    const wait = waitBefore(this.#attempt, this.#world.random());
    this.#attempt += 1;
    this.#cancelWait = this.#world.later(wait, () => {
      this.#connect();
    });
  }

  #sayWatch(): void {
    this.#socket?.send(JSON.stringify({ watch: this.#watched }));
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  #become(phase: LiveState["phase"]): void {
    if (this.#state.phase === phase) return;
    this.#state = { phase, since: this.#world.now() };
    for (const listener of this.#states) listener();
  }
}

/** The feed's world in a browser: the page's own host, its clock and its timers. */
export const browserWorld: World = {
  open: (gap) => {
    const address = new URL("/api/live", globalThis.location.href);
    if (gap > 0) address.searchParams.set("gap", String(gap));
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(address) as Socket;
  },
  now: () => Date.now(),
  random: () => Math.random(),
  later: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
