/** A plain sentence where content would be: nothing here, or something went wrong, and what to do. */
import type { ReactNode } from "react";

import styles from "./message.module.css";

interface Props {
  title: string;
  detail?: string | undefined;
  tone?: "quiet" | "error";
  children?: ReactNode;
}

export function Message({ title, detail, tone = "quiet", children }: Props) {
  return (
    <div className={styles["message"]} data-tone={tone} role={tone === "error" ? "alert" : undefined}>
      <p className={styles["title"]}>{title}</p>
      {detail === undefined ? null : <p className={styles["detail"]}>{detail}</p>}
      {children === undefined ? null : <div className={styles["act"]}>{children}</div>}
    </div>
  );
}
