/** All alerts of the organisation, newest first. */
import { useQuery } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import Skeleton from "@mui/material/Skeleton";
import { useSearchParams } from "react-router";

import { failureText } from "../../api/client.ts";
import { useNow } from "../../api/clock.ts";
import { alertsQuery } from "../../api/queries.ts";
import { Message } from "../../ui/message.tsx";
import { PriorityMark } from "../../ui/priority-mark.tsx";
import { priorityOf } from "../../ui/priority.ts";
import { AlertRow } from "./alert-row.tsx";
import rows from "./alert-row.module.css";
import styles from "./alerts-page.module.css";
import { useZones } from "./zones.ts";

const PRIORITIES = ["high", "medium", "low"] as const;

export function AlertsPage() {
  const alerts = useQuery(alertsQuery());
  const now = useNow();
  const zoneOf = useZones();
  const [search, setSearch] = useSearchParams();
  const only = search.get("priority");
  const list = alerts.data ?? [];
  const shown = list.filter(({ priority }) => only === null || priorityOf(priority) === only);

  return (
    <div className={styles["page"]} data-testid="alerts-page">
      <title>Alerts · MediAssist</title>
      <div className={styles["head"]}>
        <h1>Alerts</h1>
        <div className={styles["filters"]} role="group" aria-label="Show only a priority">
          {PRIORITIES.map((priority) => (
            <button
              key={priority}
              type="button"
              className={styles["filter"]}
              aria-pressed={only === priority}
              onClick={() => {
                setSearch(only === priority ? {} : { priority }, { replace: true });
              }}
            >
              <PriorityMark priority={priority} size={16} />
              <span className="num">{list.filter((one) => priorityOf(one.priority) === priority).length}</span>
            </button>
          ))}
        </div>
      </div>
      <div className={styles["box"]}>
        {alerts.isPending ? <Skeleton variant="rectangular" height={240} /> : null}
        {alerts.isError && alerts.data === undefined ? (
          <Message tone="error" title="The alerts could not be loaded" detail={failureText(alerts.error)}>
            <Button variant="outlined" onClick={() => void alerts.refetch()}>
              Try again
            </Button>
          </Message>
        ) : null}
        {alerts.data && shown.length === 0 ? (
          <Message
            title={only === null ? "No alerts" : `No alerts of ${only} priority`}
            detail={only === null ? "New ones appear here by themselves." : undefined}
          />
        ) : null}
        {shown.length > 0 ? (
          <ul className={rows["list"]} aria-label="Alerts, newest first">
            {shown.map((alert) => (
              <AlertRow key={alert.id} alert={alert} now={now} zone={zoneOf(alert.patient.id)} />
            ))}
          </ul>
        ) : null}
      </div>
    </div>
  );
}
