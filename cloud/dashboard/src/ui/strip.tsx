/** A rhythm strip: a stretch of waveform on millimetre paper, in rows as on a printout. */
import { useEffect, useRef, useState } from "react";

import styles from "./paper.module.css";
import { Sweep, type Gain, type Paper, type Read } from "./sweep.ts";

interface Props {
  label: string;
  colour: string;
  paper: Paper;
  heightMm: number;
  gain: Gain;
  from: number;
  to: number;
  read: Read;
  /** How the start of a row is written. */
  timeText: (at: number) => string;
  testId?: string;
}

export function Strip({ label, colour, paper, heightMm, gain, from, to, read, timeText, testId }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!box.current) return undefined;
    const sizes = new ResizeObserver(([entry]) => {
      setWidth(Math.floor(entry?.contentRect.width ?? 0));
    });
    sizes.observe(box.current);
    return () => {
      sizes.disconnect();
    };
  }, []);
  const rowMs = (width / (paper.pxPerMm * paper.mmPerSecond)) * 1000;
  const rows = rowMs > 0 ? Math.min(60, Math.ceil((to - from) / rowMs)) : 0;
  const size = { "--mm": `${paper.pxPerMm}px`, "--lane": `${heightMm * paper.pxPerMm}px`, "--colour": colour };
  return (
    <div ref={box} style={size as React.CSSProperties} data-testid={testId} role="img" aria-label={`${label}, ${rows} rows`}>
      {Array.from({ length: rows }, (_, row) => {
        const start = from + row * rowMs;
        return (
          <div key={row} className={styles["strip"]}>
            <Row start={start} end={Math.min(to, start + rowMs)} width={width} {...{ paper, gain, read }} />
            {row === 0 ? <span className={styles["label"]}>{label}</span> : null}
            <span className={styles["time"]}>{timeText(start)}</span>
            {row === rows - 1 ? (
              <span className={styles["calibration"]}>
                {paper.mmPerSecond} mm/s · {gain.mmPerUnit} mm/mV
              </span>
            ) : null}
          </div>
        );
      })}
    </div>
  );
}

type RowProps = Pick<Props, "paper" | "gain" | "read"> & { start: number; end: number; width: number };

function Row({ start, end, width, paper, gain, read }: RowProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    // A row is one still sweep whose time starts at its left edge.
    const shifted: Read = (from, to, visit) => {
      read(Math.max(start, from + start), Math.min(end, to + start), (at, value, joined) => {
        visit(at - start, value, joined);
      });
    };
    const sweep = new Sweep(element, shifted, paper, 0);
    const paint = () => {
      sweep.measure();
      sweep.draw(sweep.spanMs - 0.01, gain);
    };
    paint();
    const schemes = new MutationObserver(paint);
    schemes.observe(document.documentElement, { attributeFilter: ["data-mui-color-scheme"] });
    return () => {
      schemes.disconnect();
    };
  }, [start, end, width, paper, gain, read]);
  return <canvas ref={canvas} className={styles["canvas"]} aria-hidden="true" />;
}
