/** The head of one patient's page: who, how old, where, and which wearables speak. */
import { Link } from "react-router";

import { useNow } from "../../api/clock.ts";
import type { Patient } from "../../api/client.ts";
import { wearableText } from "../../api/words.ts";
import { Icon } from "../../ui/icons.tsx";
import { clockTime, dayTime, isStale, yearsOld, zoneName } from "../../ui/moments.ts";
import styles from "./patient-head.module.css";

export function PatientHead({ patient }: { patient: Patient }) {
  const now = useNow();
  return (
    <header className={styles["head"]}>
      <Link to="/patients" className={styles["back"]} aria-label="Back to the patients">
        <Icon name="back" />
      </Link>
      <div>
        <h1 className={styles["name"]}>{patient.name}</h1>
        <p className={styles["about"]}>
          {yearsOld(patient.born, now, patient.zone)} years, born {bornText(patient.born)} ·{" "}
          <span className="num" title={`The patient's time zone: ${patient.zone}`}>
            {clockTime(now, patient.zone)} {zoneName(now, patient.zone)}
          </span>
        </p>
      </div>
      <ul className={styles["wearables"]} aria-label="Wearables">
        {patient.wearables.map((wearable) => {
          const at = wearable.last_heard_at === null ? null : Date.parse(wearable.last_heard_at);
          const quiet = at === null || isStale(at, now);
          return (
            <li key={wearable.id} data-quiet={quiet || undefined}>
              <span className={styles["dot"]} aria-hidden="true" />
              {wearableText(wearable.kind)}
              {quiet ? (
                <span className={styles["heard"]}>
                  {at === null ? "never heard" : `silent since ${dayTime(at, now, patient.zone)}`}
                </span>
              ) : (
                <span className="unseen">, heard now</span>
              )}
            </li>
          );
        })}
      </ul>
    </header>
  );
}

/** "2 Mar 1948": a calendar day, the same in every zone. */
function bornText(born: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(
    Date.parse(born),
  );
}
