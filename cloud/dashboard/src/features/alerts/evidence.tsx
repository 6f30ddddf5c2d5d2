/** What the detector saw: the readings of its window, and the ECG of its window as a rhythm strip. */
import Skeleton from "@mui/material/Skeleton";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { failureText, type Alert, type Piece } from "../../api/client.ts";
import { metricWords, unitText } from "../../api/words.ts";
import { LanesChart } from "../../ui/lanes-chart.tsx";
import type { Lane } from "../../ui/lanes.ts";
import { Message } from "../../ui/message.tsx";
import { clockTime, zoneName } from "../../ui/moments.ts";
import { Panel } from "../../ui/panel.tsx";
import { Strip } from "../../ui/strip.tsx";
import { fittedGain, standardGain } from "../../ui/sweep.ts";
import styles from "./evidence.module.css";
import { windowEcgQuery } from "./window-queries.ts";
import { extent, olderThan, readPieces } from "./window.ts";

const PAPER = { pxPerMm: 4, mmPerSecond: 25 };
const STRIP_MM = 30;

export function Evidence({ alert, zone }: { alert: Alert; zone: string | undefined }) {
  const from = Date.parse(alert.window.from);
  const to = Date.parse(alert.window.to);
  const lanes: Lane[] = alert.evidence
    .filter(({ at }) => at.some((moment) => moment >= from))
    .map((series) => {
      const { long, colour, span, most } = metricWords(series.metric);
      return { ...series, id: series.metric, label: long, unit: unitText(series.unit), colour, span, most };
    });
  const seen = useMemo(() => [...Map.groupBy(alert.waveforms, ({ metric }) => metric)], [alert.waveforms]);
  const older = olderThan(from, alert.evidence);
  const seconds = Math.round((to - from) / 1000);
  const note = `${clockTime(from, zone)} to ${clockTime(to, zone)} ${zoneName(from, zone)}, ${seconds} s`;
  return (
    <>
      {alert.evidence.length > 0 || seen.length === 0 ? (
        <Panel title="Readings in the window" note={note} flush testId="evidence-readings">
          {lanes.length > 0 ? (
            <LanesChart lanes={lanes} from={from} to={to} zone={zone} cursor={`evidence-${alert.id}`} laneHeight={92} />
          ) : (
            <Message title="No readings in the window" />
          )}
          {older.length > 0 ? (
            <ul className={styles["older"]} aria-label="Older readings that counted">
              {older.map(({ series, at, value }) => (
                <li key={series.metric}>
                  {metricWords(series.metric).long} <strong>{value.toFixed(series.decimals)}</strong> {unitText(series.unit)}, measured
                  before the window at {clockTime(at, zone)}
                </li>
              ))}
            </ul>
          ) : null}
        </Panel>
      ) : null}
      {seen.length > 0 ? (
        seen.map(([metric, pieces]) => <Waves key={metric} {...{ metric, pieces, zone }} note="seen by the detector" />)
      ) : (
        <StoredEcg alert={alert} from={from} to={to} zone={zone} />
      )}
    </>
  );
}

interface StoredProps {
  alert: Alert;
  from: number;
  to: number;
  zone: string | undefined;
}

/** The detector looked at readings only: show the ECG that was stored for its window, and say that it played no part. */
function StoredEcg({ alert, from, to, zone }: StoredProps) {
  const stored = useQuery(windowEcgQuery(alert.patient.id, from, to));
  if (stored.data !== undefined && stored.data.length > 0) {
    return <Waves metric="ecg" pieces={stored.data} zone={zone} note="stored in the window, not used by the detector" />;
  }
  return (
    <Panel title="Electrocardiogram in the window" testId="evidence-no-ecg">
      {stored.isPending ? <Skeleton variant="rectangular" height={120} /> : null}
      {stored.isError ? <Message tone="error" title="The ECG could not be loaded" detail={failureText(stored.error)} /> : null}
      {stored.data ? <Message title="No ECG was stored in the window" detail="The patient wore no ECG patch, or it was silent." /> : null}
    </Panel>
  );
}

interface WavesProps {
  metric: string;
  pieces: Piece[];
  zone: string | undefined;
  note: string;
}

function Waves({ metric, pieces, zone, note }: WavesProps) {
  const words = metricWords(metric);
  const shown = useMemo(() => {
    const { from, to, low, high } = extent(pieces);
    const gain = metric === "ecg" ? standardGain(low, high, STRIP_MM) : fittedGain(low, high, STRIP_MM);
    return { from, to, gain, read: readPieces(pieces) };
  }, [metric, pieces]);
  const rate = pieces[0]?.rate_hz ?? 0;
  return (
    <Panel title={`${words.long} in the window`} note={`${note}, ${rate.toFixed(0)} samples a second`} flush testId={`evidence-${metric}`}>
      <Strip
        label={words.short}
        colour={words.colour}
        paper={PAPER}
        heightMm={STRIP_MM}
        gain={shown.gain}
        from={shown.from}
        to={shown.to}
        read={shown.read}
        timeText={(at) => clockTime(at, zone)}
        testId={`strip-${metric}`}
      />
    </Panel>
  );
}
