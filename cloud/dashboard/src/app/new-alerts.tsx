/** A new alert, wherever the reader is: a card in the corner until it is opened or put away. */
import { useCallback, useState } from "react";
import { Link } from "react-router";

import type { AlertSummary } from "../api/client.ts";
import { useNewAlerts } from "../api/live-context.tsx";
import { kindText } from "../api/words.ts";
import { PriorityMark } from "../ui/priority-mark.tsx";
import { priorityOf } from "../ui/priority.ts";
import { heard, NO_CARDS, putAway, type Cards } from "./alert-cards.ts";
import styles from "./new-alerts.module.css";

/** More than this many cards hide the page; the alerts page has them all. */
const SHOWN = 3;

export function NewAlerts() {
  const [cards, setCards] = useState<Cards>(NO_CARDS);
  const add = useCallback((alert: AlertSummary) => {
    setCards((before) => heard(before, alert));
  }, []);
  const drop = (id: string) => {
    setCards((before) => putAway(before, id));
  };
  const { alerts } = cards;
  useNewAlerts(add);
  return (
    <div className={styles["corner"]} role="log" aria-live="assertive" aria-label="New alerts">
      {alerts.slice(0, SHOWN).map((alert) => (
        <div key={alert.id} className={styles["card"]} data-priority={priorityOf(alert.priority)} data-testid="new-alert">
          <PriorityMark priority={alert.priority} size={24} bare />
          <Link
            to={`/alerts/${alert.id}`}
            className={styles["what"]}
            onClick={() => {
              drop(alert.id);
            }}
          >
            <strong>{alert.patient.name}</strong>
            <span>{kindText(alert.kind)}</span>
          </Link>
          <button
            type="button"
            className={styles["away"]}
            aria-label={`Put away the alert of ${alert.patient.name}`}
            onClick={() => {
              drop(alert.id);
            }}
          >
            ×
          </button>
        </div>
      ))}
      {alerts.length > SHOWN ? (
        <Link
          to="/alerts"
          className={styles["more"]}
          onClick={() => {
            setCards((before) => before.alerts.reduce((cards, { id }) => putAway(cards, id), before));
          }}
        >
          {alerts.length - SHOWN} more
        </Link>
      ) : null}
    </div>
  );
}
