/** The last quarter of an hour of readings, one lane a measurement; where nothing was measured, nothing is drawn. */
import { useQuery } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import Skeleton from "@mui/material/Skeleton";

import { useNow } from "../../api/clock.ts";
import { failureText, type Series } from "../../api/client.ts";
import { RECENT_METRICS, RECENT_MS, recentVitalsQuery } from "../../api/queries.ts";
import { metricWords, unitText } from "../../api/words.ts";
import { LanesChart } from "../../ui/lanes-chart.tsx";
import type { Lane } from "../../ui/lanes.ts";
import { Message } from "../../ui/message.tsx";
import { zoneName } from "../../ui/moments.ts";
import { Panel } from "../../ui/panel.tsx";

/** The pulse is drawn only where no belt says the heart rate: two lanes of the same thing say less than one. */
function lanesOf(series: readonly Series[]): Lane[] {
  const heart = series.some(({ metric, at }) => metric === "heart_rate" && at.length > 0);
  return RECENT_METRICS.filter((metric) => !(heart && metric === "pulse_rate")).flatMap((metric) => {
    const one = series.find((candidate) => candidate.metric === metric);
    if (!one || one.at.length === 0) return [];
    const words = metricWords(metric);
    const { long, colour, span, most } = words;
    return [{ ...one, id: metric, label: long, unit: unitText(one.unit), colour, span, most }];
  });
}

export function VitalsChart({ patient, zone }: { patient: string; zone: string }) {
  const recent = useQuery(recentVitalsQuery(patient));
  const now = useNow();
  const lanes = lanesOf(recent.data ?? []);
  // The window moves in steps, so that the lines do not crawl by a pixel each second.
  const to = Math.ceil(now / 5000) * 5000;
  return (
    <Panel title="Last 15 minutes" note={`Times in ${zoneName(now, zone)} (${zone})`} flush testId="vitals-chart">
      {recent.isPending ? <Skeleton variant="rectangular" height={320} /> : null}
      {recent.isError && recent.data === undefined ? (
        <Message tone="error" title="The readings could not be loaded" detail={failureText(recent.error)}>
          <Button variant="outlined" onClick={() => void recent.refetch()}>
            Try again
          </Button>
        </Message>
      ) : null}
      {recent.data && lanes.length === 0 ? <Message title="No readings in the last 15 minutes" /> : null}
      {lanes.length > 0 ? <LanesChart lanes={lanes} from={to - RECENT_MS} to={to} zone={zone} cursor={`recent-${patient}`} /> : null}
    </Panel>
  );
}
