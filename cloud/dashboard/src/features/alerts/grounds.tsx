/** On what grounds: the score against its thresholds, how much of the window was measured, which detector, which clocks. */
import type { Alert } from "../../api/client.ts";
import { metricWords, plain } from "../../api/words.ts";
import { Panel } from "../../ui/panel.tsx";
import styles from "./grounds.module.css";

/** Enough digits to compare a score with its threshold, no more. */
function figure(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(1) : String(Number(value.toPrecision(3)));
}

/** A vital's code is for programs; the explanation names it. */
function shown(thresholds: Alert["thresholds"]): [string, number][] {
  return Object.entries(thresholds).filter(([name]) => name !== "metric");
}

export function Grounds({ alert }: { alert: Alert }) {
  return (
    <>
      <Panel title="Score and thresholds" testId="evidence-score">
        <dl className={styles["facts"]}>
          <div className={styles["score"]}>
            <dt>Score</dt>
            <dd>{figure(alert.score)}</dd>
          </div>
          {shown(alert.thresholds).map(([name, value]) => (
            <div key={name}>
              <dt>{plain(name.replace(/_ms$/u, ""))}</dt>
              <dd>{name.endsWith("_ms") ? `${figure(value / 1000)} s` : figure(value)}</dd>
            </div>
          ))}
        </dl>
      </Panel>
      <Panel title="Coverage of the window" note="share of the time measured" testId="evidence-coverage">
        <Coverage coverage={alert.coverage} />
      </Panel>
      <Panel title="Detector" testId="evidence-detector">
        <dl className={styles["facts"]}>
          <div>
            <dt>Name</dt>
            <dd>{alert.detector.name}</dd>
          </div>
          <div>
            <dt>Version</dt>
            <dd>{alert.detector.version}</dd>
          </div>
          <div className={styles["stacked"]}>
            <dt>SHA-256</dt>
            <dd className={styles["hash"]}>{alert.detector.sha256}</dd>
          </div>
        </dl>
      </Panel>
      <Panel title="Clocks" note="wearable against gateway" testId="evidence-clock">
        <Clocks clocks={alert.clock} />
      </Panel>
    </>
  );
}

function Coverage({ coverage }: { coverage: Alert["coverage"] }) {
  const entries = Object.entries(coverage);
  if (entries.length === 0) return <p className={styles["quiet"]}>Nothing was said about coverage.</p>;
  return (
    <dl className={styles["facts"]}>
      {entries.map(([metric, share]) => {
        const { long, colour } = metricWords(metric);
        const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
        return (
          <div key={metric} className={styles["bar"]} style={{ "--share": `${percent}%`, "--colour": colour } as React.CSSProperties}>
            <dt>{long}</dt>
            <dd>{percent} %</dd>
          </div>
        );
      })}
    </dl>
  );
}

function Clocks({ clocks }: { clocks: Alert["clock"] }) {
  if (clocks.length === 0) {
    return <p className={styles["quiet"]}>No wearable sent its own clock: times are those of the gateway.</p>;
  }
  return (
    <table className={styles["table"]}>
      <thead>
        <tr>
          <th scope="col">Wearable</th>
          <th scope="col">Offset</th>
          <th scope="col">Drift</th>
          <th scope="col">Sure to</th>
        </tr>
      </thead>
      <tbody>
        {clocks.map((clock) => (
          <tr key={clock.wearable}>
            <th scope="row" title={clock.wearable}>
              {clock.wearable.slice(0, 8)}
            </th>
            <td>{offsetText(clock.offset_ms)}</td>
            <td>{clock.drift_ppm.toFixed(1)} ppm</td>
            <td>± {clock.uncertainty_ms.toFixed(0)} ms</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A wearable that counts from its own start is years away: say days then, not milliseconds. */
export function offsetText(ms: number): string {
  const size = Math.abs(ms);
  if (size < 10_000) return `${ms.toFixed(0)} ms`;
  if (size < 3_600_000) return `${(ms / 1000).toFixed(0)} s`;
  return "own count";
}
