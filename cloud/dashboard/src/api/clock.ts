/** What time is it in the cloud? The browser's own clock may be wrong, and a demo's clock may run faster. */
import { useSyncExternalStore } from "react";

/** Milliseconds that a `Date` header (whole seconds) may differ from the browser without meaning anything. */
const HEADER_GRAIN_MS = 1500;

/**
 * The cloud's time: the browser's, corrected by the server's `Date` header, and never behind the newest
 * sample seen (in a demo at many times true speed, samples run ahead of every wall clock).
 */
export class Clock {
  #offset = 0;
  #newest = 0;

  /** Learn from a reply's `Date` header, received when the browser's clock said `here`. */
  heardServer(header: string | null, here: number): void {
    const there = header === null ? Number.NaN : Date.parse(header);
    if (Number.isNaN(there)) return;
    const offset = there + 500 - here;
    this.#offset = Math.abs(offset) < HEADER_GRAIN_MS ? 0 : offset;
  }

  /** Learn that something was measured at `at`. */
  sawSample(at: number): void {
    if (at > this.#newest) this.#newest = at;
  }

  /** Milliseconds since 1970 in the cloud when the browser's clock says `here`. */
  now(here: number): number {
    return Math.max(here + this.#offset, this.#newest);
  }
}

export const clock = new Clock();

const listeners = new Set<() => void>();
let second = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  second = clock.now(Date.now());
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
    second = 0;
  };
}

function read(): number {
  if (second === 0) second = clock.now(Date.now());
  return second;
}

/** The cloud's time in milliseconds, new each second, the same for everything on the page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read);
}
