/** The last seconds of one waveform: pieces in, ordered samples out (pure). */
import type { Piece } from "../../api/client.ts";

interface Held {
  /** Time of the first sample, ms. */
  at: number;
  /** Between samples, ms. */
  step: number;
  values: readonly number[];
}

/** A hole longer than this many steps is a gap; shorter is rounding of the pieces' millisecond times. */
const GAP_STEPS = 2.5;

/** Keeps the pieces of one metric that end within `keepMs` of the newest sample. */
export class TraceBuffer {
  #pieces: Held[] = [];
  #keepMs: number;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Time of the newest sample (ms), or null when there is none. */
  get end(): number | null {
    const last = this.#pieces.at(-1);
    return last ? last.at + last.step * (last.values.length - 1) : null;
  }

  /** Take a piece in; one that is held already (the same first moment) is dropped, a late one finds its place. */
  add(piece: Piece): void {
    if (piece.values.length === 0 || piece.rate_hz <= 0) return;
    const held: Held = { at: piece.at, step: 1000 / piece.rate_hz, values: piece.values };
    let place = this.#pieces.length;
    while (place > 0 && (this.#pieces[place - 1]?.at ?? 0) > held.at) place -= 1;
    const before = this.#pieces[place - 1];
    if (before?.at === held.at) {
      if (before.values.length >= held.values.length) return;
      this.#pieces[place - 1] = held;
    } else {
      this.#pieces.splice(place, 0, held);
    }
    const end = this.end ?? 0;
    while (this.#pieces.length > 1 && endOf(this.#pieces[0]) < end - this.#keepMs) this.#pieces.shift();
  }

  /**
   * Visit the samples with `from` <= time <= `to` in order. `joined` is false for the first one and after a gap:
   * the pen is lifted there. Where pieces overlap, the part already visited is not visited again.
   */
  read(from: number, to: number, visit: (at: number, value: number, joined: boolean) => void): void {
    let last: number | null = null;
    for (const { at, step, values } of this.#pieces) {
      if (at > to) break;
      const first = Math.max(0, Math.ceil((from - at) / step));
      const final = Math.min(values.length - 1, Math.floor((to - at) / step));
      for (let index = first; index <= final; index += 1) {
        const moment = at + index * step;
        if (last !== null && moment <= last + step / 2) continue;
        visit(moment, values[index] ?? 0, last !== null && moment - last <= GAP_STEPS * step);
        last = moment;
      }
    }
  }
}

function endOf(piece: Held | undefined): number {
  return piece ? piece.at + piece.step * (piece.values.length - 1) : -Infinity;
}
