/** A monitor's sweep on a canvas: the pen goes from left to right at paper speed, erasing just ahead of itself. */

/** Samples between two moments, oldest first; `joined` false lifts the pen. */
export type Read = (from: number, to: number, visit: (at: number, value: number, joined: boolean) => void) => void;

/** Paper: how many CSS pixels a millimetre has, and how fast it runs. */
export interface Paper {
  pxPerMm: number;
  mmPerSecond: number;
}

/** Vertical scale: `middle` of the signal at the middle of the lane, `mmPerUnit` upwards. */
export interface Gain {
  middle: number;
  mmPerUnit: number;
}

/** The erased strip ahead of the pen, mm. */
const AHEAD_MM = 4;
const PEN_PX = 1.5;

/** Horizontal place of a moment: sweeps repeat every `spanMs`, so the place is the remainder. */
export function placeOf(at: number, spanMs: number, width: number): number {
  return ((((at % spanMs) + spanMs) % spanMs) / spanMs) * width;
}

/** Draws one lane. Hand it the same canvas and `read`; call `draw` each frame with the moment to show. */
export class Sweep {
  #canvas: HTMLCanvasElement;
  #read: Read;
  #paper: Paper;
  #aheadPx: number;
  #drawnTo: number | null = null;
  #lastSample: number | null = null;
  #gain: Gain | null = null;
  #width = 0;
  #height = 0;
  #colour = "";

  /** aheadMm: the strip kept clear ahead of the pen; 0 for a still strip. */
  constructor(canvas: HTMLCanvasElement, read: Read, paper: Paper, aheadMm = AHEAD_MM) {
    this.#canvas = canvas;
    this.#read = read;
    this.#paper = paper;
    this.#aheadPx = aheadMm * paper.pxPerMm;
  }

  /** How much sample time the lane's width holds, ms. */
  get spanMs(): number {
    return (this.#width / (this.#paper.pxPerMm * this.#paper.mmPerSecond)) * 1000;
  }

  /** The lane's size or colours changed: measure again, draw the whole lane next time. */
  measure(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const dots = globalThis.devicePixelRatio || 1;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * dots);
    this.#canvas.height = Math.round(clientHeight * dots);
    this.#colour = globalThis.getComputedStyle(this.#canvas).color;
    this.#drawnTo = null;
  }

  /** Bring the lane to `to` (ms of sample time) at `gain`; only what is new is drawn, unless the gain changed. */
  draw(to: number, gain: Gain): void {
    const context = this.#canvas.getContext("2d");
    if (!context || this.#width === 0) return;
    const same = this.#gain?.middle === gain.middle && this.#gain.mmPerUnit === gain.mmPerUnit;
    const start = to - this.spanMs * (1 - this.#aheadPx / this.#width);
    const known = same && this.#drawnTo !== null && this.#drawnTo <= to && this.#drawnTo > start;
    const from = known && this.#drawnTo !== null ? this.#drawnTo : start;
    const dots = this.#canvas.width / this.#width;
    context.setTransform(dots, 0, 0, dots, 0, 0);
    if (!known) this.#lastSample = null;
    if (!known) context.clearRect(0, 0, this.#width, this.#height);
    this.#gain = gain;
    this.#erase(context, from, to);
    this.#stroke(context, from, to, gain);
    this.#drawnTo = to;
  }

  #erase(context: CanvasRenderingContext2D, from: number, to: number): void {
    // Not where the pen stands, but a pen's width on: what it just drew stays whole.
    const left = placeOf(from, this.spanMs, this.#width) + PEN_PX;
    const wide = Math.min(this.#width, ((to - from) / this.spanMs) * this.#width + this.#aheadPx);
    context.clearRect(left, 0, wide, this.#height);
    if (left + wide > this.#width) context.clearRect(0, 0, left + wide - this.#width, this.#height);
  }

  #stroke(context: CanvasRenderingContext2D, from: number, to: number, gain: Gain): void {
    const scale = gain.mmPerUnit * this.#paper.pxPerMm;
    context.strokeStyle = this.#colour;
    context.lineWidth = PEN_PX;
    context.lineJoin = "round";
    context.lineCap = "round";
    context.beginPath();
    let before = -1;
    // From the last sample drawn, so that the new part starts where the old one ended.
    this.#read(this.#lastSample ?? from, to, (at, value, joined) => {
      this.#lastSample = at;
      const x = placeOf(at, this.spanMs, this.#width);
      const y = this.#height / 2 - (value - gain.middle) * scale;
      if (joined && x >= before) context.lineTo(x, y);
      else context.moveTo(x, y);
      before = x;
    });
    context.stroke();
  }
}

/** The gains of an electrocardiograph, mm a millivolt, largest first. */
const STANDARD_GAINS = [20, 10, 5, 2.5];

/** The largest standard gain at which `low`..`high` fits into a lane of `laneMm`; signal middle in the lane's middle. */
export function standardGain(low: number, high: number, laneMm: number): Gain {
  const fits = STANDARD_GAINS.find((mm) => (high - low) * mm <= laneMm * 0.86);
  return { middle: (low + high) / 2, mmPerUnit: fits ?? 2.5 };
}

/** For a signal without a unit: fill four fifths of the lane. */
export function fittedGain(low: number, high: number, laneMm: number): Gain {
  const range = high - low;
  return { middle: (low + high) / 2, mmPerUnit: range > 0 ? (laneMm * 0.8) / range : laneMm };
}

/** Does a signal of `low`..`high` still sit well at `gain`: inside the lane, about its middle, and not much too small? */
export function stillFits(gain: Gain, low: number, high: number, laneMm: number): boolean {
  const top = (high - gain.middle) * gain.mmPerUnit;
  const bottom = (low - gain.middle) * gain.mmPerUnit;
  if (top > laneMm * 0.49 || bottom < -laneMm * 0.49) return false;
  return Math.abs(top + bottom) / 2 <= laneMm * 0.2 && top - bottom > laneMm * 0.22;
}
