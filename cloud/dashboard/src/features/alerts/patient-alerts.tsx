/** One patient's alerts, for the side of the patient's page. */
import { useQuery } from "@tanstack/react-query";
import Skeleton from "@mui/material/Skeleton";

import { failureText } from "../../api/client.ts";
import { useNow } from "../../api/clock.ts";
import { alertsQuery } from "../../api/queries.ts";
import { Message } from "../../ui/message.tsx";
import { Panel } from "../../ui/panel.tsx";
import { AlertRow } from "./alert-row.tsx";
import rows from "./alert-row.module.css";

/** As many as fit beside the traces; the rest is one click away. */
const SHOWN = 12;

export function PatientAlerts({ patient, zone }: { patient: string; zone: string }) {
  const alerts = useQuery(alertsQuery(patient));
  const now = useNow();
  const list = alerts.data ?? [];
  return (
    <Panel title="Alerts" note={list.length > 0 ? `${list.length}, newest first` : undefined} flush testId="patient-alerts">
      {alerts.isPending ? <Skeleton variant="rectangular" height={120} /> : null}
      {alerts.isError && alerts.data === undefined ? (
        <Message tone="error" title="The alerts could not be loaded" detail={failureText(alerts.error)} />
      ) : null}
      {alerts.data && list.length === 0 ? <Message title="No alerts" /> : null}
      {list.length > 0 ? (
        <ul className={rows["list"]} aria-label="Alerts of this patient, newest first">
          {list.slice(0, SHOWN).map((alert) => (
            <AlertRow key={alert.id} alert={alert} now={now} zone={zone} compact />
          ))}
        </ul>
      ) : null}
    </Panel>
  );
}
