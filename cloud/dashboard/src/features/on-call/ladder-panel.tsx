/** The ladder: who is told of an alert that nobody takes, and after how long; an administrator writes the organisation's own. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import TextField from "@mui/material/TextField";
import { useState } from "react";

import { api, client, failureText, type Ladder, type LadderStep } from "../../api/client.ts";
import { Panel } from "../../ui/panel.tsx";
import { draftOf, ladderFault, ladderStepsOf, levelText, momentsOf, pauseText, PRIORITIES, type LadderDraft, type Priority } from "./on-call.ts";
import styles from "./on-call.module.css";

const WORDS: Record<Priority, string> = { high: "High", medium: "Medium", low: "Low" };

export function LadderPanel({ ladder, may }: { ladder: Ladder; may: boolean }) {
  const [changing, setChanging] = useState(false);
  const change = (
    <Button
      size="small"
      data-testid="change-ladder"
      onClick={() => {
        setChanging(true);
      }}
    >
      Change
    </Button>
  );
  return (
    <Panel title="Ladder" testId="ladder" note={may && !changing ? change : undefined}>
      {changing ? (
        <Form
          ladder={ladder}
          done={() => {
            setChanging(false);
          }}
        />
      ) : (
        <Shown ladder={ladder} />
      )}
    </Panel>
  );
}

function Shown({ ladder }: { ladder: Ladder }) {
  return (
    <>
      <table className={styles["ladder"]}>
        <thead>
          <tr>
            <th scope="col">Alert</th>
            <th scope="col">Who is told while nobody takes it</th>
          </tr>
        </thead>
        <tbody>
          {PRIORITIES.map((priority) => (
            <tr key={priority}>
              <th scope="row">{WORDS[priority]}</th>
              <td>{told(ladder, priority)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles["covered"]}>{ladder.own ? "The organisation's own ladder." : "The usual ladder: the organisation has written none of its own."}</p>
    </>
  );
}

function told(ladder: Ladder, priority: Priority): string {
  const moments = momentsOf(ladder.steps, priority);
  if (moments.length === 0) return "as usual";
  const said = moments.map(({ level, after }) => `${levelText(level).toLowerCase()} level ${after === 0 ? "at once" : `after ${pauseText(after)}`}`);
  const again = moments.at(-1)?.again ?? null;
  return `${said.join(", ")}${again === null ? "" : `, then again every ${pauseText(again)}`}`;
}

function Form({ ladder, done }: { ladder: Ladder; done: () => void }) {
  const [draft, setDraft] = useState<LadderDraft>(() => draftOf(ladder));
  const cache = useQueryClient();
  const fault = ladderFault(draft);
  const save = useMutation({
    mutationFn: (body: LadderStep[]) => client.PUT("/api/escalation/ladder", { body }),
    onSuccess: done,
    onSettled: () => cache.invalidateQueries({ queryKey: api.queryOptions("get", "/api/escalation/ladder").queryKey }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(ladderStepsOf(draft));
      }}
    >
      <table className={styles["ladder"]}>
        <thead>
          <tr>
            <th scope="col">Alert</th>
            <th scope="col">Minutes until the next level is told, the last again</th>
          </tr>
        </thead>
        <tbody>
          {PRIORITIES.map((priority) => (
            <tr key={priority}>
              <th scope="row">{WORDS[priority]}</th>
              <td>
                <Minutes
                  priority={priority}
                  minutes={draft[priority]}
                  change={(minutes) => {
                    setDraft({ ...draft, [priority]: minutes });
                  }}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {fault === null ? null : (
        <p role="alert" className={styles["refused"]}>
          {fault}
        </p>
      )}
      {save.isError ? (
        <p role="alert" className={styles["refused"]}>
          {failureText(save.error)}
        </p>
      ) : null}
      <div className={styles["buttons"]}>
        <Button type="submit" variant="contained" disabled={fault !== null || save.isPending}>
          Save
        </Button>
        <Button
          disabled={save.isPending || !ladder.own}
          onClick={() => {
            save.mutate([]);
          }}
        >
          Back to the usual one
        </Button>
        <Button disabled={save.isPending} onClick={done}>
          Leave as it was
        </Button>
      </div>
    </form>
  );
}

interface MinutesProps {
  priority: Priority;
  minutes: readonly string[];
  change: (minutes: string[]) => void;
}

function Minutes({ priority, minutes, change }: MinutesProps) {
  return (
    <div className={styles["steps"]}>
      {minutes.map((typed, level) => (
        <TextField
          // a level has no other name than its place
          key={`level ${String(level)}`}
          className={styles["minutes"]}
          size="small"
          value={typed}
          slotProps={{ htmlInput: { inputMode: "decimal", "aria-label": `${WORDS[priority]} priority, ${levelText(level).toLowerCase()} level, minutes` } }}
          onChange={(event) => {
            change(minutes.map((other, place) => (place === level ? event.target.value : other)));
          }}
        />
      ))}
      <Button
        size="small"
        aria-label={`One level more for ${priority} alerts`}
        onClick={() => {
          change([...minutes, minutes.at(-1) ?? "10"]);
        }}
      >
        More
      </Button>
      <Button
        size="small"
        disabled={minutes.length <= 1}
        aria-label={`One level fewer for ${priority} alerts`}
        onClick={() => {
          change(minutes.slice(0, -1));
        }}
      >
        Fewer
      </Button>
    </div>
  );
}
