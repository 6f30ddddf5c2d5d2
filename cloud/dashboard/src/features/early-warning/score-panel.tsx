/** NEWS2 as it is now: a range where parameters are missing, so that missing data is no calm; and how much of today was measured. */
import { useQuery } from "@tanstack/react-query";
import Skeleton from "@mui/material/Skeleton";

import { api, failureText, type EarlyWarningScore } from "../../api/client.ts";
import { useNow } from "../../api/clock.ts";
import { Panel } from "../../ui/panel.tsx";
import { PriorityMark } from "../../ui/priority-mark.tsx";
import { coverageTexts, dayOf, nameText, rangeText, responseText, valueText } from "./score.ts";
import styles from "./score-panel.module.css";

const SCORE_MS = 10_000;
const COVERAGE_MS = 60_000;

export function ScorePanel({ patient, zone }: { patient: string; zone: string }) {
  const [from, to] = dayOf(useNow(), zone);
  const path = { patient };
  const score = useQuery({
    ...api.queryOptions("get", "/api/patients/{patient}/early-warning/score", { params: { path } }),
    refetchInterval: SCORE_MS,
  });
  const coverage = useQuery({
    ...api.queryOptions("get", "/api/patients/{patient}/coverage", { params: { path, query: { from, to } } }),
    refetchInterval: COVERAGE_MS,
  });
  if (score.error) {
    return (
      <Panel title="NEWS2" testId="early-warning">
        <p role="alert" className={styles["refused"]}>
          {failureText(score.error)}
        </p>
      </Panel>
    );
  }
  if (!score.data) {
    return (
      <Panel title="NEWS2" testId="early-warning">
        <Skeleton variant="rectangular" height={150} />
      </Panel>
    );
  }
  const covered = coverageTexts(coverage.data ?? []);
  return (
    <Panel title="NEWS2" testId="early-warning">
      <Score score={score.data} />
      {covered.length > 0 ? (
        <p className={styles["covered"]}>Measured today: {covered.map(({ metric, text }) => `${metric} ${text}`).join(", ")}</p>
      ) : null}
    </Panel>
  );
}

function Score({ score }: { score: EarlyWarningScore }) {
  return (
    <>
      <p className={styles["score"]}>
        <span className={`num ${styles["range"] ?? ""}`}>{rangeText(score)}</span>
        <span className={styles[score.level > 0 ? "response" : "quiet"]}>
          {score.level > 0 ? <PriorityMark priority={score.level > 1 ? "high" : "medium"} size={20} bare /> : null}
          {responseText(score)}
        </span>
      </p>
      <ul className={styles["list"]}>
        {score.parameters.map((parameter) => (
          <li key={parameter.name}>
            <span>{nameText(parameter)}</span>
            <span className={parameter.value === null ? styles["quiet"] : "num"}>{valueText(parameter)}</span>
            <span className={`num ${styles["points"] ?? ""} ${parameter.low > 0 ? (styles["scores"] ?? "") : (styles["quiet"] ?? "")}`}>
              {rangeText(parameter)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
