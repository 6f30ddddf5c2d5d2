/** One alert on a list: priority by colour, shape and word; what, who, when, why. The whole line is the link. */
import { Link } from "react-router";

import type { AlertSummary } from "../../api/client.ts";
import { kindText, plain, sentence } from "../../api/words.ts";
import { ageText, dayTime, zoneName } from "../../ui/moments.ts";
import { PriorityMark } from "../../ui/priority-mark.tsx";
import { priorityOf } from "../../ui/priority.ts";
import styles from "./alert-row.module.css";

interface Props {
  alert: AlertSummary;
  now: number;
  zone: string | undefined;
  /** On a patient's own page the name is known. */
  compact?: boolean;
}

export function AlertRow({ alert, now, zone, compact = false }: Props) {
  const at = Date.parse(alert.raised_at);
  return (
    <li
      className={styles["row"]}
      data-testid="alert-row"
      data-alert={alert.id}
      data-priority={priorityOf(alert.priority)}
      data-state={alert.state}
      data-compact={compact || undefined}
    >
      <div className={styles["mark"]}>
        <PriorityMark priority={alert.priority} />
      </div>
      <div className={styles["what"]}>
        <Link to={`/alerts/${alert.id}`} className={styles["kind"]} data-testid="alert-link">
          {compact ? null : <span className={styles["name"]}>{alert.patient.name}</span>}
          {kindText(alert.kind)}
        </Link>
        <p className={styles["why"]}>{sentence(alert.explanation)}</p>
      </div>
      <div className={styles["when"]}>
        <time dateTime={alert.raised_at}>
          {dayTime(at, now, zone)} <span className={styles["zone"]}>{zoneName(at, zone)}</span>
        </time>
        <span className={styles["age"]}>
          {alert.state === "raised" ? "" : `${plain(alert.state)} · `}
          {ageText(now - at) === "now" ? "now" : `${ageText(now - at)} ago`}
        </span>
      </div>
    </li>
  );
}
