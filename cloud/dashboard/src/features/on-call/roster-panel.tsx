/** The roster: who is on call from when until when; an administrator adds people and takes them off. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import { useState } from "react";

import { api, client, failureText, type Duty } from "../../api/client.ts";
import { useNow } from "../../api/clock.ts";
import { dayTime } from "../../ui/moments.ts";
import { Panel } from "../../ui/panel.tsx";
import { dutyFault, levelText, localMinute } from "./on-call.ts";
import styles from "./on-call.module.css";

const LEVELS = [0, 1, 2, 3, 4];
const HOURS_MS = 3_600_000;
const USUAL_HOURS = 12;
const rosterQuery = api.queryOptions("get", "/api/escalation/roster");

export function RosterPanel({ duties, may }: { duties: readonly Duty[]; may: boolean }) {
  const now = useNow();
  const cache = useQueryClient();
  const [adding, setAdding] = useState(false);
  const remove = useMutation({
    mutationFn: (duty: string) => client.DELETE("/api/escalation/roster/{duty}", { params: { path: { duty } } }),
    onSettled: () => cache.invalidateQueries({ queryKey: rosterQuery.queryKey }),
  });
  const change = (
    <Button
      size="small"
      data-testid="add-duty"
      onClick={() => {
        setAdding(true);
      }}
    >
      Add
    </Button>
  );
  return (
    <Panel title="Roster" testId="roster" note={may && !adding ? change : undefined}>
      {adding ? (
        <Form
          done={() => {
            setAdding(false);
          }}
        />
      ) : null}
      {duties.length === 0 && !adding ? <p className={styles["quiet"]}>Nobody is on the roster, now or later.</p> : null}
      <ul className={styles["list"]}>
        {duties.map((duty) => (
          <li key={duty.id} data-testid="duty">
            <span className={styles["level"]}>{levelText(duty.level)}</span>
            <span className={styles["name"]}>{duty.name}</span>
            <span className="num">
              {dayTime(Date.parse(duty.since), now)} to {dayTime(Date.parse(duty.until), now)}
            </span>
            {may ? (
              <Button
                size="small"
                color="inherit"
                disabled={remove.isPending}
                aria-label={`Take ${duty.name} off, ${levelText(duty.level).toLowerCase()} level`}
                onClick={() => {
                  remove.mutate(duty.id);
                }}
              >
                Take off
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {remove.isError ? (
        <p role="alert" className={styles["refused"]}>
          {failureText(remove.error)}
        </p>
      ) : null}
    </Panel>
  );
}

function Form({ done }: { done: () => void }) {
  const people = useQuery(api.queryOptions("get", "/api/escalation/people"));
  const cache = useQueryClient();
  const now = useNow();
  const [account, setAccount] = useState("");
  const [level, setLevel] = useState(0);
  const [since, setSince] = useState(() => localMinute(now));
  const [until, setUntil] = useState(() => localMinute(now + USUAL_HOURS * HOURS_MS));
  const [key] = useState(() => crypto.randomUUID());
  const fault = dutyFault(account, since, until);
  const add = useMutation({
    mutationFn: () =>
      client.POST("/api/escalation/roster", {
        params: { header: { "idempotency-key": key } },
        body: { account, level, since: new Date(since).toISOString(), until: new Date(until).toISOString() },
      }),
    onSuccess: done,
    onSettled: () => cache.invalidateQueries({ queryKey: rosterQuery.queryKey }),
  });
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <TextField
        select
        size="small"
        label="Who"
        value={account}
        onChange={(event) => {
          setAccount(event.target.value);
        }}
      >
        {(people.data ?? []).map(({ id, name, role }) => (
          <MenuItem key={id} value={id}>
            {name}, {role}
          </MenuItem>
        ))}
      </TextField>
      <TextField
        select
        size="small"
        label="Level"
        value={level}
        onChange={(event) => {
          setLevel(Number(event.target.value));
        }}
      >
        {LEVELS.map((each) => (
          <MenuItem key={each} value={each}>
            {levelText(each)}
          </MenuItem>
        ))}
      </TextField>
      <TextField
        size="small"
        type="datetime-local"
        label="From"
        value={since}
        slotProps={{ inputLabel: { shrink: true } }}
        onChange={(event) => {
          setSince(event.target.value);
        }}
      />
      <TextField
        size="small"
        type="datetime-local"
        label="Until"
        value={until}
        slotProps={{ inputLabel: { shrink: true } }}
        onChange={(event) => {
          setUntil(event.target.value);
        }}
      />
      {people.error ?? add.error ? (
        <p role="alert" className={styles["refused"]}>
          {failureText(people.error ?? add.error)}
        </p>
      ) : null}
      {fault === null ? null : <p className={styles["quiet"]}>{fault}.</p>}
      <div className={styles["buttons"]}>
        <Button type="submit" variant="contained" disabled={fault !== null || add.isPending}>
          Put on the roster
        </Button>
        <Button disabled={add.isPending} onClick={done}>
          Leave as it was
        </Button>
      </div>
    </form>
  );
}
