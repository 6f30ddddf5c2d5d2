/** A titled surface: heading on the left, a quiet note on the right, content below. */
import { useId, type ReactNode } from "react";

import styles from "./panel.module.css";

interface Props {
  title: string;
  note?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  testId?: string;
}

export function Panel({ title, note, children, flush = false, testId }: Props) {
  const id = useId();
  return (
    <section className={styles["panel"]} aria-labelledby={id} data-testid={testId}>
      <header className={styles["head"]}>
        <h2 id={id} className={styles["title"]}>
          {title}
        </h2>
        {note === undefined ? null : <div className={styles["note"]}>{note}</div>}
      </header>
      <div className={flush ? undefined : styles["body"]}>{children}</div>
    </section>
  );
}
