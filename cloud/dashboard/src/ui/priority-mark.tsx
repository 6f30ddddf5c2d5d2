/** An alarm's priority after IEC 60601-1-8: colour, shape, exclamation marks and the word, never colour alone. */
import { priorityOf, type Priority } from "./priority.ts";
import styles from "./priority-mark.module.css";

const SHAPES: Record<Priority, string> = {
  high: "M12 1.2 23.2 22H.8Z",
  medium: "M12 1 23 12 12 23 1 12Z",
  low: "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20Z",
};
/** Exclamation marks as strokes: where they stand, from top to bottom of the bar, and the dot below. */
const MARKS: Record<Priority, { x: readonly number[]; bar: readonly [number, number]; dot: number }> = {
  high: { x: [8.1, 12, 15.9], bar: [11, 15.4], dot: 18.6 },
  medium: { x: [10, 14], bar: [7.2, 13.4], dot: 16.9 },
  low: { x: [12], bar: [6.4, 13.2], dot: 17.2 },
};
const WORDS: Record<Priority, string> = { high: "High", medium: "Medium", low: "Low" };

function bang(x: number, [top, bottom]: readonly [number, number], dot: number): string {
  return `M${x} ${top}V${bottom}M${x} ${dot}v.01`;
}

interface Props {
  priority: string;
  size?: number;
  /** Without the word beside it the shape carries it as its label. */
  bare?: boolean;
}

export function PriorityMark({ priority, size = 22, bare = false }: Props) {
  const level = priorityOf(priority);
  const label = `${WORDS[level]} priority`;
  return (
    <span className={styles["mark"]} data-priority={level}>
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        {...(bare ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
      >
        <path d={SHAPES[level]} className={styles["shape"]} strokeLinejoin="round" />
        {MARKS[level].x.map((x) => (
          <path key={x} className={styles["bang"]} d={bang(x, MARKS[level].bar, MARKS[level].dot)} />
        ))}
      </svg>
      {bare ? null : (
        <span className={styles["word"]}>
          {WORDS[level]}
          <span className="unseen"> priority</span>
        </span>
      )}
    </span>
  );
}
