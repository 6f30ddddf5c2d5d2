/** One patient on the ward list. The whole line is the link. */
import { memo } from "react";
import { Link } from "react-router";

import type { LatestValue, PatientSummary } from "../../api/client.ts";
import { absenceText, metricWords, unitText } from "../../api/words.ts";
import { Icon } from "../../ui/icons.tsx";
import { ageText, dayTime, yearsOld } from "../../ui/moments.ts";
import { PriorityMark } from "../../ui/priority-mark.tsx";
import type { Priority } from "../../ui/priority.ts";
import { Reading } from "../../ui/reading.tsx";
import styles from "./patients-page.module.css";
import { COLUMNS, isSilent, pick } from "./ward.ts";

interface Props {
  patient: PatientSummary;
  now: number;
}

interface RowProps extends Props {
  /** The most urgent of the raised alerts, where known. */
  worst: Priority | undefined;
}

export const PatientRow = memo(function PatientRow({ patient, worst, now }: RowProps) {
  const silent = isSilent(patient, now);
  return (
    <li className={styles["row"]} data-testid="patient-row" data-silent={silent || undefined} data-alerts={patient.open_alerts}>
      <div className={styles["who"]}>
        <Link to={`/patients/${patient.id}`} className={styles["name"]} data-testid="patient-link">
          {patient.name}
        </Link>
        <span className={styles["about"]}>
          {yearsOld(patient.born, now, patient.zone)} years · <Heard patient={patient} now={now} silent={silent} />
        </span>
      </div>
      {COLUMNS.map((metrics) => (
        <Cell key={metrics[0]} metrics={metrics} latest={patient.latest} now={now} zone={patient.zone} />
      ))}
      <div className={styles["alerts"]}>
        {patient.open_alerts > 0 ? (
          <Link to={`/patients/${patient.id}#alerts`} className={styles["open"]}>
            {worst ? <PriorityMark priority={worst} size={17} bare /> : <Icon name="bell" size={15} />}
            <span className="num">{patient.open_alerts}</span> {patient.open_alerts === 1 ? "alert" : "alerts"}
          </Link>
        ) : (
          <span className={styles["calm"]}>No alerts</span>
        )}
      </div>
      <span className={styles["go"]} aria-hidden="true">
        <Icon name="forward" size={16} />
      </span>
    </li>
  );
});

function Heard({ patient, now, silent }: Props & { silent: boolean }) {
  if (patient.last_heard_at === null) return <span className={styles["silent"]}>never heard</span>;
  const at = Date.parse(patient.last_heard_at);
  if (silent) return <span className={styles["silent"]}>silent since {dayTime(at, now, patient.zone)}</span>;
  const age = ageText(now - at);
  return <span className="num">{age === "now" ? "heard now" : `heard ${age} ago`}</span>;
}

interface CellProps {
  metrics: readonly string[];
  latest: readonly LatestValue[];
  now: number;
  zone: string;
}

function Cell({ metrics, latest, now, zone }: CellProps) {
  const value = pick(latest, metrics, now);
  const metric = value?.metric ?? metrics[0] ?? "";
  const words = metricWords(metric);
  return (
    <Reading
      label={words.short}
      unit={value ? unitText(value.unit) : ""}
      decimals={value?.decimals ?? 0}
      value={value?.value ?? null}
      absence={absenceText(value?.absence)}
      at={value ? Date.parse(value.at) : null}
      now={now}
      zone={zone}
      colour={words.colour}
    />
  );
}
