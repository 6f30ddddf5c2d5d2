/** One live lane: millimetre paper, the sweep on it, its name and its calibration. */
import { useEffect, useRef } from "react";

import styles from "./paper.module.css";
import { fittedGain, standardGain, stillFits, Sweep, type Gain, type Paper, type Read } from "./sweep.ts";

/** Drawing 30 times a second looks smooth and leaves the computer cool. */
const FRAME_MS = 32;
/** With reduced motion the lane turns a page instead of sweeping. */
const PAGE_MS = 2000;

interface Props {
  label: string;
  colour: string;
  /** "standard": mm per mV as an electrocardiograph; "fitted": no unit, fills the lane. */
  scale: "standard" | "fitted";
  paper: Paper;
  heightMm: number;
  read: Read;
  /** The moment to show now, ms of sample time, or null. Called once a frame. */
  moment: () => number | null;
  testId?: string;
}

export function SweepTrace({ label, colour, scale, paper, heightMm, read, moment, testId }: Props) {
  const lane = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const calibration = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    if (!canvas.current || !lane.current) return undefined;
    return run(canvas.current, lane.current, calibration.current, { scale, paper, heightMm, read, moment });
  }, [scale, paper, heightMm, read, moment]);

  return (
    <div
      ref={lane}
      className={styles["lane"]}
      data-testid={testId}
      style={
        { "--mm": `${paper.pxPerMm}px`, "--lane": `${heightMm * paper.pxPerMm}px`, "--colour": colour } as React.CSSProperties
      }
    >
      <canvas ref={canvas} className={styles["canvas"]} role="img" aria-label={`${label}, live trace`} />
      <span className={styles["label"]}>{label}</span>
      <span ref={calibration} className={styles["calibration"]} />
    </div>
  );
}

type Drawing = Pick<Props, "scale" | "paper" | "heightMm" | "read" | "moment">;

/** Draw until told to stop. The lane says in `data-last-sample` which moment it shows. */
function run(canvas: HTMLCanvasElement, lane: HTMLElement, calibration: HTMLElement | null, drawing: Drawing): () => void {
  const { scale, paper, heightMm, read, moment } = drawing;
  const sweep = new Sweep(canvas, read, paper);
  const still = globalThis.matchMedia("(prefers-reduced-motion: reduce)");
  const remeasure = () => {
    sweep.measure();
  };
  const sizes = new ResizeObserver(remeasure);
  sizes.observe(canvas);
  const schemes = new MutationObserver(remeasure);
  schemes.observe(document.documentElement, { attributeFilter: ["data-mui-color-scheme"] });
  sweep.measure();

  let gain: Gain | null = null;
  let judged = -Infinity;
  let drawn = -Infinity;
  let frame = 0;
  const step = (wall: number) => {
    frame = requestAnimationFrame(step);
    if (wall - drawn < (still.matches ? PAGE_MS : FRAME_MS)) return;
    const to = moment();
    if (to === null) return;
    drawn = wall;
    if (gain === null || wall - judged > 1000) {
      judged = wall;
      const next = judge(read, to - sweep.spanMs, to, { scale, heightMm, gain });
      if (next !== gain && next !== null && calibration) calibration.textContent = calibrationText(next, scale, paper);
      gain = next;
    }
    if (gain === null) return;
    sweep.draw(to, gain);
    lane.dataset["lastSample"] = String(Math.round(to));
  };
  frame = requestAnimationFrame(step);
  return () => {
    cancelAnimationFrame(frame);
    sizes.disconnect();
    schemes.disconnect();
  };
}

function judge(
  read: Read,
  from: number,
  to: number,
  { scale, heightMm, gain }: Pick<Props, "scale" | "heightMm"> & { gain: Gain | null },
): Gain | null {
  let low = Infinity;
  let high = -Infinity;
  read(from, to, (_at, value) => {
    if (value < low) low = value;
    if (value > high) high = value;
  });
  if (!Number.isFinite(low)) return gain;
  if (gain !== null && stillFits(gain, low, high, heightMm)) return gain;
  const next = scale === "standard" ? standardGain(low, high, heightMm) : fittedGain(low, high, heightMm);
  // A flat or small signal cannot be drawn larger: keep what is on the paper instead of jumping about.
  return gain !== null && next.mmPerUnit === gain.mmPerUnit && Math.abs(next.middle - gain.middle) * gain.mmPerUnit < 1
    ? gain
    : next;
}

function calibrationText(gain: Gain, scale: Props["scale"], paper: Paper): string {
  return scale === "standard" ? `${paper.mmPerSecond} mm/s · ${gain.mmPerUnit} mm/mV` : "";
}
