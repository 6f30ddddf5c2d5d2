/** By which limits a patient is watched, in the cloud and at home; what is usual for the patient; and the form to change it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Skeleton from "@mui/material/Skeleton";
import TextField from "@mui/material/TextField";
import { useState } from "react";

import { api, client, failureText, type Baseline, type Threshold } from "../../api/client.ts";
import { metricWords } from "../../api/words.ts";
import { Panel } from "../../ui/panel.tsx";
import { DURATIONS, draftsOf, durationText, fault, LIMITED, rangeText, thresholdsOf, usualText, type Draft, type Drafts } from "./limits.ts";
import styles from "./limits-panel.module.css";

const PRIORITIES = ["high", "medium", "low"] as const;
const SCALES = {
  1: "Scale 1",
  2: "Scale 2, for hypercapnic respiratory failure",
} as const;

type Scale = keyof typeof SCALES;

export function LimitsPanel({ patient }: { patient: string }) {
  const params = { params: { path: { patient } } };
  const limits = useQuery(api.queryOptions("get", "/api/patients/{patient}/thresholds", params));
  const usual = useQuery(api.queryOptions("get", "/api/patients/{patient}/baselines", params));
  const early = useQuery(api.queryOptions("get", "/api/patients/{patient}/early-warning", params));
  const [changing, setChanging] = useState(false);
  const failed = limits.error ?? usual.error ?? early.error;
  if (failed) {
    return (
      <Panel title="Limits" testId="limits">
        <p role="alert" className={styles["refused"]}>
          {failureText(failed)}
        </p>
      </Panel>
    );
  }
  if (!limits.data || !usual.data || !early.data) {
    return (
      <Panel title="Limits" testId="limits">
        <Skeleton variant="rectangular" height={90} />
      </Panel>
    );
  }
  const scale = early.data.spo2_scale;
  return (
    <Panel
      title="Limits"
      testId="limits"
      note={
        changing ? undefined : (
          <Button
            size="small"
            data-testid="change-limits"
            onClick={() => {
              setChanging(true);
            }}
          >
            Change
          </Button>
        )
      }
    >
      {changing ? (
        <Form
          patient={patient}
          before={limits.data}
          scale={scale}
          done={() => {
            setChanging(false);
          }}
        />
      ) : (
        <Shown limits={limits.data} usual={usual.data} scale={scale} />
      )}
    </Panel>
  );
}

interface ShownProps {
  limits: readonly Threshold[];
  usual: readonly Baseline[];
  scale: Scale;
}

function Shown({ limits, usual, scale }: ShownProps) {
  const units = new Map(LIMITED.map(({ metric, unit }) => [metric, unit]));
  const metrics = [...new Set([...limits.map(({ metric }) => metric), ...usual.map(({ metric }) => metric)])];
  return (
    <>
      {limits.length === 0 ? (
        <p className={styles["quiet"]}>None are set for this patient. The early-warning score watches, and the home has its own for emergencies.</p>
      ) : null}
      <ul className={styles["list"]}>
        {metrics.map((metric) => {
          const limit = limits.find((each) => each.metric === metric);
          const baseline = usual.find((each) => each.metric === metric);
          return (
            <li key={metric}>
              <span className={styles["metric"]}>{metricWords(metric).long}</span>
              {limit ? (
                <span className="num">
                  {rangeText(limit)} {units.get(metric) ?? ""}
                </span>
              ) : null}
              <span className={styles["about"]}>{aboutText(limit, baseline)}</span>
            </li>
          );
        })}
      </ul>
      <p className={styles["quiet"]}>Early-warning score: SpO₂ {SCALES[scale].toLowerCase()}.</p>
    </>
  );
}

function aboutText(limit: Threshold | undefined, baseline: Baseline | undefined): string {
  const how = limit ? `for ${durationText(limit.for_seconds)}, ${limit.priority} priority` : "no limits";
  return baseline ? `${how} · ${usualText(baseline)}` : how;
}

interface FormProps {
  patient: string;
  before: readonly Threshold[];
  scale: Scale;
  done: () => void;
}

function Form({ patient, before, scale, done }: FormProps) {
  const [drafts, setDrafts] = useState<Drafts>(() => draftsOf(before));
  const [wanted, setWanted] = useState<Scale>(scale);
  const cache = useQueryClient();
  const faults = Object.entries(drafts).flatMap(([metric, draft]) => fault(metric, draft) ?? []);
  const save = useMutation({
    mutationFn: async () => {
      const params = { path: { patient } };
      await client.PUT("/api/patients/{patient}/thresholds", { params, body: thresholdsOf(drafts) });
      if (wanted !== scale) await client.PUT("/api/patients/{patient}/early-warning", { params, body: { spo2_scale: wanted } });
    },
    onSuccess: done,
    onSettled: () => cache.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[1]).startsWith("/api/patients/{patient}/") }),
  });
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      {Object.entries(drafts).map(([metric, draft]) => (
        <Limits
          key={metric}
          metric={metric}
          draft={draft}
          change={(part) => {
            setDrafts({ ...drafts, [metric]: { ...draft, ...part } });
          }}
        />
      ))}
      <TextField
        select
        size="small"
        label="SpO₂ scale of the early-warning score"
        value={String(wanted)}
        onChange={(event) => {
          setWanted(event.target.value === "2" ? 2 : 1);
        }}
      >
        {Object.entries(SCALES).map(([value, label]) => (
          <MenuItem key={value} value={value}>
            {label}
          </MenuItem>
        ))}
      </TextField>
      {faults.map((each) => (
        <p key={each} role="alert" className={styles["refused"]}>
          {each}
        </p>
      ))}
      {save.isError ? (
        <p role="alert" className={styles["refused"]}>
          {failureText(save.error)}
        </p>
      ) : null}
      <div className={styles["buttons"]}>
        <Button type="submit" variant="contained" disabled={save.isPending || faults.length > 0}>
          Save
        </Button>
        <Button disabled={save.isPending} onClick={done}>
          Leave as it was
        </Button>
      </div>
    </form>
  );
}

interface LimitsProps {
  metric: string;
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}

function Limits({ metric, draft, change }: LimitsProps) {
  const { long } = metricWords(metric);
  const unit = LIMITED.find((each) => each.metric === metric)?.unit ?? "";
  const given = draft.low.trim() !== "" || draft.high.trim() !== "";
  return (
    <fieldset className={styles["limits"]}>
      <legend>
        {long} {unit ? <span className={styles["unit"]}>{unit}</span> : null}
      </legend>
      <TextField
        size="small"
        label="Not below"
        value={draft.low}
        slotProps={{ htmlInput: { inputMode: "decimal", "aria-label": `${long}, not below` } }}
        onChange={(event) => {
          change({ low: event.target.value });
        }}
      />
      <TextField
        size="small"
        label="Not above"
        value={draft.high}
        slotProps={{ htmlInput: { inputMode: "decimal", "aria-label": `${long}, not above` } }}
        onChange={(event) => {
          change({ high: event.target.value });
        }}
      />
      {given ? (
        <>
          <TextField
            select
            size="small"
            label="Left for"
            value={draft.seconds}
            onChange={(event) => {
              change({ seconds: Number(event.target.value) });
            }}
          >
            {[...new Set([...DURATIONS, draft.seconds])].toSorted((a, b) => a - b).map((seconds) => (
              <MenuItem key={seconds} value={seconds}>
                {durationText(seconds)}
              </MenuItem>
            ))}
          </TextField>
          <TextField
            select
            size="small"
            label="Priority"
            value={draft.priority}
            onChange={(event) => {
              change({ priority: PRIORITIES.find((each) => each === event.target.value) ?? "medium" });
            }}
          >
            {PRIORITIES.map((priority) => (
              <MenuItem key={priority} value={priority}>
                {priority}
              </MenuItem>
            ))}
          </TextField>
        </>
      ) : null}
    </fieldset>
  );
}
