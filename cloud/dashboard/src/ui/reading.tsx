/** One measured value: number, unit and how old it is. An old one is greyed and says since when. */
import { ageText, dayTime, isStale } from "./moments.ts";
import styles from "./reading.module.css";

export interface ReadingProps {
  label: string;
  unit: string;
  decimals: number;
  value: number | null;
  /** A second number after a stroke: the diastolic pressure. */
  beside?: number | null | undefined;
  /** Why there is no number, when there is none. */
  absence: string;
  /** When it was measured, ms; null: never. */
  at: number | null;
  now: number;
  zone?: string | undefined;
  colour: string;
  /** How old it may be and still count as now, ms: a minute for what is measured all the time. */
  staleAfter?: number | undefined;
  large?: boolean;
}

export function Reading(props: ReadingProps) {
  const { label, unit, decimals, value, absence, beside, at, now, zone, colour, staleAfter, large = false } = props;
  const state = at === null ? "never" : isStale(at, now, staleAfter) ? "stale" : value === null ? "absent" : "fresh";
  return (
    <div
      className={styles["reading"]}
      data-state={state}
      data-large={large || undefined}
      data-metric-label={label}
      style={{ "--colour": colour } as React.CSSProperties}
    >
      <span className={styles["label"]}>{label}</span>
      {state === "never" ? (
        <span className={styles["none"]} aria-label="never measured">
          –
        </span>
      ) : (
        <>
          <span className={styles["value"]}>
            {value === null ? <span className={styles["absent"]}>{absence}</span> : value.toFixed(decimals)}
            {value === null || beside == null ? null : `/${beside.toFixed(decimals)}`}
            {value === null || unit === "" ? null : <span className={styles["unit"]}>{unit}</span>}
          </span>
          <span className={styles["age"]}>
            {at === null ? null : state === "stale" ? `since ${dayTime(at, now, zone)}` : ageText(now - at)}
          </span>
        </>
      )}
    </div>
  );
}
