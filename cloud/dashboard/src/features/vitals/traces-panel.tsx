/** The live traces: what arrived in the last seconds, then what comes, drawn at its true rate. */
import { useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";

import { useNow } from "../../api/clock.ts";
import type { Piece } from "../../api/client.ts";
import { useWatch } from "../../api/live-context.tsx";
import { metricWords } from "../../api/words.ts";
import { Message } from "../../ui/message.tsx";
import { dayTime } from "../../ui/moments.ts";
import { Panel } from "../../ui/panel.tsx";
import { SweepTrace } from "../../ui/sweep-trace.tsx";
import { Traces, TRACES } from "./traces.ts";
import { recentWaveformsQuery } from "./waveform-queries.ts";

const PAPER = { pxPerMm: 4, mmPerSecond: 25 };
/** Older than this, a trace no longer counts as live (ms). */
const LIVE_MS = 30_000;

export function TracesPanel({ patient, zone }: { patient: string; zone: string }) {
  const [traces] = useState(() => new Traces());
  const [known, setKnown] = useState<string[]>([]);
  const take = useCallback(
    (pieces: Piece[]) => {
      if (traces.add(pieces, performance.now())) setKnown(traces.known);
    },
    [traces],
  );
  useWatch(patient, take);
  const recent = useQueries({
    queries: TRACES.map((metric) => recentWaveformsQuery(patient, metric)),
    combine: (results) => ({
      pieces: results.map(({ data }) => data),
      pending: results.some(({ isPending }) => isPending),
    }),
  });
  useEffect(() => {
    const pieces = recent.pieces.flatMap((one) => one ?? []);
    if (pieces.length > 0) take(pieces);
  }, [recent, take]);
  const moment = useCallback(() => traces.moment(performance.now()), [traces]);

  return (
    <Panel title="Live traces" note={<Delay traces={traces} zone={zone} />} flush testId="traces">
      {known.length > 0 ? (
        known.map((metric) => (
          <SweepTrace
            key={metric}
            label={metricWords(metric).short}
            colour={metricWords(metric).colour}
            scale={metric === "ecg" ? "standard" : "fitted"}
            paper={PAPER}
            heightMm={metric === "ecg" ? 40 : 20}
            read={traces.read(metric)}
            moment={moment}
            testId={`trace-${metric}`}
          />
        ))
      ) : (
        <Message
          title={recent.pending ? "Listening" : "No waveform in the last seconds"}
          detail={recent.pending ? undefined : "A trace appears by itself as soon as an ECG patch or oximeter sends one."}
        />
      )}
    </Panel>
  );
}

/** How far behind the patient the newest sample is, or since when there is none. */
function Delay({ traces, zone }: { traces: Traces; zone: string }) {
  const now = useNow();
  const newest = traces.newest();
  if (newest === null) return null;
  const shown = traces.moment(performance.now()) ?? newest;
  if (now - newest > LIVE_MS) return <strong>Stopped at {dayTime(newest, now, zone)}</strong>;
  return <>{(Math.max(0, now - shown) / 1000).toFixed(0)} s behind the patient</>;
}
