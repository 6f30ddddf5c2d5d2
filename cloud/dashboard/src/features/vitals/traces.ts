/** The live traces of one patient: buffers for what arrives, one playhead for all lanes (keeps them in step). */
import type { Piece } from "../../api/client.ts";
import type { Read } from "../../ui/sweep.ts";
import { advance, arrived, START, type Playhead } from "./playhead.ts";
import { TraceBuffer } from "./trace-buffer.ts";

export const TRACES = ["ecg", "plethysmogram", "respiration"] as const;

/** Kept of each waveform: more than the widest lane shows plus the longest delay. */
const KEEP_MS = 90_000;
/** A waveform silent for this many of its own usual gaps (and at least LEAST_MS) no longer holds the others back. */
const SILENT_GAPS = 2.5;
const LEAST_MS = 1500;
const GUESSED_GAP_MS = 2000;

interface Entry {
  buffer: TraceBuffer;
  read: Read;
  heardAt: number;
  /** The longest gap between its batches lately, ms of wall time. */
  gap: number;
}

export class Traces {
  #entries = new Map<string, Entry>();
  #head: Playhead = START;

  /** Take pieces that arrived at wall time `wall`. Returns whether a waveform not seen before began. */
  add(pieces: readonly Piece[], wall: number): boolean {
    let news = false;
    for (const piece of pieces) {
      let entry = this.#entries.get(piece.metric);
      if (!entry) {
        const buffer = new TraceBuffer(KEEP_MS);
        entry = {
          buffer,
          read: (from, to, visit) => {
            buffer.read(from, to, visit);
          },
          heardAt: wall,
          gap: GUESSED_GAP_MS,
        };
        this.#entries.set(piece.metric, entry);
        news = true;
      }
      entry.buffer.add(piece);
      if (wall - entry.heardAt > 50) entry.gap = Math.max(entry.gap * 0.8, wall - entry.heardAt);
      entry.heardAt = wall;
    }
    const end = this.#end(wall);
    if (end !== null) this.#head = arrived(this.#head, end, wall);
    return news;
  }

  /** Up to where every waveform that still speaks is known. */
  #end(wall: number): number | null {
    const ends = [...this.#entries.values()].flatMap(({ buffer, heardAt, gap }) =>
      buffer.end !== null && wall - heardAt < Math.max(LEAST_MS, SILENT_GAPS * gap) ? [buffer.end] : [],
    );
    return ends.length > 0 ? Math.min(...ends) : null;
  }

  get known(): string[] {
    return TRACES.filter((metric) => this.#entries.has(metric));
  }

  read(metric: string): Read {
    return this.#entries.get(metric)?.read ?? (() => undefined);
  }

  /** The moment the lanes show at wall time `wall`, ms of sample time. */
  moment(wall: number): number | null {
    this.#head = advance(this.#head, wall);
    return this.#head.position;
  }

  /** The newest sample of any waveform, ms. */
  newest(): number | null {
    const ends = [...this.#entries.values()].flatMap(({ buffer }) => buffer.end ?? []);
    return ends.length > 0 ? Math.max(...ends) : null;
  }
}
