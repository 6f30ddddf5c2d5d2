/** What a person can do with an alert, and what has happened to it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import TextField from "@mui/material/TextField";
import { useState } from "react";

import { api, client, failureText, type Alert } from "../../api/client.ts";
import { clock } from "../../api/clock.ts";
import { ALERTS_PATH } from "../../api/queries.ts";
import { plain } from "../../api/words.ts";
import { fullTime } from "../../ui/moments.ts";
import { Panel } from "../../ui/panel.tsx";
import styles from "./life.module.css";

const CLOSED = new Set(["resolved", "false_alarm"]);
/** Minutes for which an alert of a priority may be put off; the cloud holds the same limits. */
const SNOOZES: Record<string, readonly number[]> = { high: [10, 30], medium: [30, 240], low: [240, 1440] };

type Wish = { what: "acknowledge" } | { what: "snooze"; minutes: number } | { what: "resolve" } | { what: "false-alarm"; note: string };

/** Ask the cloud for a change of the version that is on the screen: what another person has done meanwhile is not overwritten. */
async function ask(alert: Alert, wish: Wish): Promise<void> {
  const params = { path: { alert: alert.id }, header: { "if-match": `"${alert.version}"` } };
  switch (wish.what) {
    case "acknowledge":
      await client.POST("/api/alerts/{alert}/acknowledge", { params });
      return;
    case "snooze": {
      const until = new Date(clock.now(Date.now()) + wish.minutes * 60_000 - 5000).toISOString();
      await client.POST("/api/alerts/{alert}/snooze", { params, body: { until } });
      return;
    }
    case "resolve":
      await client.POST("/api/alerts/{alert}/resolve", { params, body: { note: "" } });
      return;
    case "false-alarm":
      await client.POST("/api/alerts/{alert}/false-alarm", { params, body: { note: wish.note } });
  }
}

export function snoozeText(minutes: number): string {
  return minutes < 60 ? `${minutes} min` : `${minutes / 60} h`;
}

export function Actions({ alert }: { alert: Alert }) {
  const cache = useQueryClient();
  const [note, setNote] = useState<string | null>(null);
  const change = useMutation({
    mutationFn: (wish: Wish) => ask(alert, wish),
    onSuccess: () => {
      setNote(null);
    },
    onSettled: () => cache.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[1]).startsWith(ALERTS_PATH) }),
  });
  if (CLOSED.has(alert.state)) return null;
  const mine = (wish: Wish) => () => {
    change.mutate(wish);
  };
  return (
    <div className={styles["actions"]} data-testid="alert-actions">
      <Button variant="contained" disabled={change.isPending || alert.state === "acknowledged"} onClick={mine({ what: "acknowledge" })}>
        {alert.state === "acknowledged" ? "Taken" : "I take it"}
      </Button>
      {(SNOOZES[alert.priority] ?? []).map((minutes) => (
        <Button key={minutes} variant="outlined" disabled={change.isPending} onClick={mine({ what: "snooze", minutes })}>
          Remind me in {snoozeText(minutes)}
        </Button>
      ))}
      <Button variant="outlined" disabled={change.isPending} onClick={mine({ what: "resolve" })}>
        It is over
      </Button>
      {note === null ? (
        <Button
          variant="text"
          onClick={() => {
            setNote("");
          }}
        >
          False alarm
        </Button>
      ) : (
        <form
          className={styles["note"]}
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate({ what: "false-alarm", note });
          }}
        >
          <TextField
            size="small"
            label="What was it instead?"
            value={note}
            autoFocus
            onChange={(event) => {
              setNote(event.target.value);
            }}
          />
          <Button type="submit" variant="outlined" disabled={change.isPending || note.trim().length < 3}>
            Call it a false alarm
          </Button>
        </form>
      )}
      {change.isError ? (
        <p role="alert" className={styles["refused"]}>
          {failureText(change.error)}
        </p>
      ) : null}
    </div>
  );
}

const EVENTS: Record<string, string> = {
  found: "Found",
  acknowledged: "Taken",
  snoozed: "Put off",
  resolved: "Over",
  called_false: "Called a false alarm",
};

export function History({ alert, zone }: { alert: Alert; zone: string | undefined }) {
  const history = useQuery(api.queryOptions("get", "/api/alerts/{alert}/history", { params: { path: { alert: alert.id } } }));
  const items = history.data ?? [];
  return (
    <Panel title="History" note={alert.occurrences > 1 ? `found ${alert.occurrences} times` : undefined} testId="alert-history">
      {history.isError ? <p className={styles["refused"]}>{failureText(history.error)}</p> : null}
      {history.data && items.length === 0 ? <p className={styles["quiet"]}>Nothing has happened to it yet.</p> : null}
      <ol className={styles["events"]}>
        {items.map((item) => (
          <li key={`${item.version} ${item.at} ${item.event}`}>
            <span className={styles["event"]}>
              {item.event === "time_passed" ? `Level ${item.level + 1} is asked` : (EVENTS[item.event] ?? plain(item.event))}
              {item.by === null ? "" : ` by ${item.by}`}
            </span>
            <time dateTime={item.at} className="num">
              {fullTime(Date.parse(item.at), zone)}
            </time>
            {item.note === null ? null : <q className={styles["said"]}>{item.note}</q>}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
