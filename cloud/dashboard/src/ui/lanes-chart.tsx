/** Several measurements over the same stretch of time, each in its own lane, one cursor through all. */
import "uplot/dist/uPlot.min.css";

import { useEffect, useRef } from "react";
import uPlot from "uplot";

import { columns, rangeOf, type Lane } from "./lanes.ts";
import styles from "./lanes-chart.module.css";

interface Props {
  lanes: readonly Lane[];
  /** The stretch shown, ms. */
  from: number;
  to: number;
  zone?: string | undefined;
  /** The same key on several charts joins their cursors. */
  cursor: string;
  laneHeight?: number;
}

export function LanesChart({ lanes, from, to, zone, cursor, laneHeight = 84 }: Props) {
  return (
    <div className={styles["chart"]}>
      {lanes.map((lane, index) => (
        <LaneRow
          key={lane.id}
          {...{ lane, from, to, zone, cursor }}
          last={index === lanes.length - 1}
          height={laneHeight + (index === lanes.length - 1 ? AXIS_PX : 0)}
        />
      ))}
    </div>
  );
}

const AXIS_PX = 24;

interface RowProps extends Omit<Props, "lanes" | "laneHeight"> {
  lane: Lane;
  last: boolean;
  height: number;
}

function LaneRow({ lane, from, to, zone, cursor, last, height }: RowProps) {
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef({ lane, from, to });
  shown.current = { lane, from, to };

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const build = () => {
      plot.current?.destroy();
      plot.current = draw(element, { last, height, zone, cursor }, shown, readout);
    };
    build();
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    const schemes = new MutationObserver(build);
    schemes.observe(document.documentElement, { attributeFilter: ["data-mui-color-scheme"] });
    return () => {
      sizes.disconnect();
      schemes.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [last, height, zone, cursor]);

  useEffect(() => {
    plot.current?.batch(() => {
      plot.current?.setData(columns(lane.at, lane.value), false);
      plot.current?.setScale("x", { min: from / 1000, max: to / 1000 });
    });
  }, [lane, from, to]);

  const now = lane.value.findLast((value) => value !== null);
  return (
    <div className={styles["row"]} style={{ "--colour": lane.colour } as React.CSSProperties}>
      <div className={styles["name"]}>
        <span className={styles["label"]}>{lane.label}</span>
        <span className={styles["unit"]}>{lane.unit}</span>
        <span ref={readout} className={styles["readout"]} aria-hidden="true" />
      </div>
      <div
        ref={box}
        className={styles["plot"]}
        role="img"
        aria-label={`${lane.label}: ${summary(lane, now)}`}
        data-testid={`lane-${lane.id}`}
      />
    </div>
  );
}

/** What a lane says to those who do not see it. */
function summary(lane: Lane, now: number | null | undefined): string {
  const numbers = lane.value.filter((value): value is number => value !== null);
  if (numbers.length === 0 || now === null || now === undefined) return "no readings in this time";
  const text = (value: number) => value.toFixed(lane.decimals);
  return `last ${text(now)} ${lane.unit}, from ${text(Math.min(...numbers))} to ${text(Math.max(...numbers))}`;
}

interface Look {
  last: boolean;
  height: number;
  zone: string | undefined;
  cursor: string;
}

function draw(
  element: HTMLElement,
  look: Look,
  shown: { current: { lane: Lane; from: number; to: number } },
  readout: { current: HTMLElement | null },
): uPlot {
  const css = globalThis.getComputedStyle(element);
  const ink = css.getPropertyValue("--ink-3").trim();
  const line = css.getPropertyValue("--line").trim();
  const font = `11px ${css.fontFamily}`;
  const { lane, from, to } = shown.current;
  const options: uPlot.Options = {
    width: element.clientWidth || 300,
    height: look.height,
    padding: [10, 20, look.last ? 0 : 6, 0],
    legend: { show: false },
    cursor: { sync: { key: look.cursor }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
    tzDate: (seconds) => dateIn(seconds, look.zone),
    scales: {
      x: { time: true, auto: false, min: from / 1000, max: to / 1000 },
      y: { range: () => rangeOf(shown.current.lane) },
    },
    axes: [
      {
        stroke: ink,
        font,
        size: look.last ? AXIS_PX : 0,
        gap: 4,
        space: 84,
        grid: { show: true, stroke: line, width: 1 },
        ticks: { show: false },
        values: look.last ? timeLabels(to - from, look.zone) : () => [],
      },
      {
        stroke: ink,
        font,
        size: 40,
        gap: 6,
        space: 20,
        grid: { show: true, stroke: line, width: 1 },
        ticks: { show: false },
        incrs: [0.5, 1, 2, 5, 10, 20, 50, 100],
      },
    ],
    series: [
      {},
      {
        stroke: css.color,
        width: 1.6,
        spanGaps: false,
        points: { show: (self, series) => hasLonely(self, series), size: 4, fill: css.color },
      },
    ],
    hooks: {
      setCursor: [
        (self) => {
          const index = self.cursor.idx;
          const value = index === null || index === undefined ? null : self.data[1]?.[index];
          const text = value === null || value === undefined ? "" : value.toFixed(shown.current.lane.decimals);
          if (readout.current) readout.current.textContent = (self.cursor.left ?? -1) < 0 ? "" : text;
        },
      ],
    },
  };
  return new uPlot(options, columns(lane.at, lane.value), element);
}

function dateIn(seconds: number, zone: string | undefined): Date {
  const date = new Date(seconds * 1000);
  return zone === undefined ? date : uPlot.tzDate(date, zone);
}

function timeLabels(span: number, zone: string | undefined): uPlot.Axis.DynamicValues {
  const format = uPlot.fmtDate(span <= 180_000 ? "{HH}:{mm}:{ss}" : "{HH}:{mm}");
  return (_self, splits) => splits.map((split) => format(dateIn(split, zone)));
}

/** Points are drawn only where a line would not show: few values, or some alone between gaps. */
function hasLonely(self: uPlot, series: number): boolean {
  const values = self.data[series] ?? [];
  return values.length < 4 || values.some((value, at) => value != null && values[at - 1] == null && values[at + 1] == null);
}
