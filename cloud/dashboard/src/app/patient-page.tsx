/** One patient: head, latest values, live traces, the last quarter of an hour, alerts, NEWS2, limits. Puts features side by side. */
import { useQuery } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import { Link, useParams } from "react-router";

import { failureText, Refusal } from "../api/client.ts";
import { patientQuery } from "../api/queries.ts";
import { PatientAlerts } from "../features/alerts/patient-alerts.tsx";
import { ScorePanel } from "../features/early-warning/score-panel.tsx";
import { LimitsPanel } from "../features/limits/limits-panel.tsx";
import { PatientHead } from "../features/patients/patient-head.tsx";
import { TracesPanel } from "../features/vitals/traces-panel.tsx";
import { VitalsChart } from "../features/vitals/vitals-chart.tsx";
import { VitalsTiles } from "../features/vitals/vitals-tiles.tsx";
import { Message } from "../ui/message.tsx";
import { Opening } from "../ui/opening.tsx";
import styles from "./patient-page.module.css";

/** How often the page asks which wearables still speak (readings come by themselves). */
const WEARABLES_MS = 15_000;

export function PatientPage() {
  const { patient: id = "" } = useParams();
  const patient = useQuery({ ...patientQuery(id), refetchInterval: WEARABLES_MS });
  if (patient.data) {
    const { zone, name } = patient.data;
    return (
      <div data-testid="patient-page">
        <title>{`${name} · MediAssist`}</title>
        <PatientHead patient={patient.data} />
        <div className={styles["columns"]}>
          <div className={styles["column"]}>
            <VitalsTiles patient={id} zone={zone} />
            <TracesPanel key={id} patient={id} zone={zone} />
            <VitalsChart patient={id} zone={zone} />
          </div>
          <div className={styles["column"]} id="alerts">
            <PatientAlerts patient={id} zone={zone} />
            <ScorePanel key={`score ${id}`} patient={id} zone={zone} />
            <LimitsPanel key={id} patient={id} />
          </div>
        </div>
      </div>
    );
  }
  if (!patient.isError) return <Opening />;
  if (patient.error instanceof Refusal && [404, 422].includes(patient.error.status)) {
    return (
      <Message title="There is no such patient" detail="The address may be wrong, or the patient belongs to another organisation.">
        <Button component={Link} to="/patients" variant="outlined">
          To the patients
        </Button>
      </Message>
    );
  }
  return (
    <Message tone="error" title="The patient could not be loaded" detail={failureText(patient.error)}>
      <Button variant="outlined" onClick={() => void patient.refetch()}>
        Try again
      </Button>
    </Message>
  );
}
