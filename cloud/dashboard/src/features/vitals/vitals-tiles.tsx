/** The latest values as large numbers, each with its last quarter of an hour as a small line. */
import { useQuery } from "@tanstack/react-query";

import { useNow } from "../../api/clock.ts";
import type { LatestValue, Series } from "../../api/client.ts";
import { patientQuery, RECENT_METRICS, RECENT_MS, recentVitalsQuery, SELDOM_METRICS } from "../../api/queries.ts";
import { absenceText, metricWords, unitText } from "../../api/words.ts";
import { LEAST_GAP_MS } from "../../ui/lanes.ts";
import { Reading } from "../../ui/reading.tsx";
import { gapOf, sparkPath } from "../../ui/spark.ts";
import styles from "./vitals-tiles.module.css";

const BOX = { width: 200, height: 30 };

export function VitalsTiles({ patient, zone }: { patient: string; zone: string }) {
  const now = useNow();
  const latest = useQuery({ ...patientQuery(patient), select: (one) => one.latest });
  const recent = useQuery(recentVitalsQuery(patient));
  return (
    <section className={styles["tiles"]} aria-label="Latest values">
      {RECENT_METRICS.map((metric) => (
        <Tile
          key={metric}
          {...{ metric, now, zone }}
          value={latest.data?.find((one) => one.metric === metric)}
          series={recent.data?.find((one) => one.metric === metric)}
        />
      ))}
      {[...SELDOM_METRICS].map(([metric, staleAfter]) => {
        const value = latest.data?.find((one) => one.metric === metric);
        return value === undefined ? null : (
          <SeldomTile key={metric} {...{ value, now, zone, staleAfter }} beside={partnerOf(value, latest.data)} />
        );
      })}
    </section>
  );
}

/** The diastolic pressure of the same measurement. */
function partnerOf(value: LatestValue, latest: readonly LatestValue[] = []): number | null | undefined {
  if (value.metric !== "systolic_pressure") return undefined;
  return latest.find((one) => one.metric === "diastolic_pressure" && one.at === value.at)?.value;
}

interface SeldomTileProps {
  value: LatestValue;
  beside: number | null | undefined;
  now: number;
  zone: string;
  staleAfter: number;
}

function SeldomTile({ value, beside, now, zone, staleAfter }: SeldomTileProps) {
  const words = metricWords(value.metric);
  return (
    <div className={styles["tile"]} data-testid={`tile-${value.metric}`}>
      <Reading
        large
        label={words.long}
        unit={unitText(value.unit)}
        decimals={value.decimals}
        value={value.value}
        absence={absenceText(value.absence)}
        at={Date.parse(value.at)}
        colour={words.colour}
        {...{ beside, now, zone, staleAfter }}
      />
    </div>
  );
}

interface TileProps {
  metric: string;
  value: LatestValue | undefined;
  series: Series | undefined;
  now: number;
  zone: string;
}

function Tile({ metric, value, series, now, zone }: TileProps) {
  const words = metricWords(metric);
  const unit = value?.unit ?? series?.unit;
  const window = { from: now - RECENT_MS, to: now };
  const path = series
    ? sparkPath(series.at, series.value, window, BOX, gapOf(series.at, LEAST_GAP_MS), words.span / 2)
    : "";
  return (
    <div className={styles["tile"]} data-testid={`tile-${metric}`}>
      <Reading
        large
        label={words.long}
        unit={unit === undefined ? "" : unitText(unit)}
        decimals={value?.decimals ?? series?.decimals ?? 0}
        value={value?.value ?? null}
        absence={absenceText(value?.absence)}
        at={value ? Date.parse(value.at) : null}
        now={now}
        zone={zone}
        colour={words.colour}
      />
      <svg
        className={styles["spark"]}
        viewBox={`0 0 ${BOX.width} ${BOX.height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        style={{ color: words.colour }}
      >
        <path d={path} />
      </svg>
    </div>
  );
}
