/** The ward: every patient on a line, the last values in columns, silence and alerts in plain sight. */
import { useQuery } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import { useSearchParams } from "react-router";

import { failureText } from "../../api/client.ts";
import { useNow } from "../../api/clock.ts";
import { alertsQuery, patientsQuery } from "../../api/queries.ts";
import { Icon } from "../../ui/icons.tsx";
import { Message } from "../../ui/message.tsx";
import { PatientRow } from "./patient-row.tsx";
import styles from "./patients-page.module.css";
import { choose, count, isFilter, worstOf, type Filter } from "./ward.ts";
import { WaitingRows } from "./waiting-rows.tsx";

const FILTERS: [Filter, string][] = [
  ["all", "All"],
  ["alerts", "With alerts"],
  ["silent", "Silent"],
];

export function PatientsPage() {
  const patients = useQuery(patientsQuery);
  const alerts = useQuery({ ...alertsQuery(), select: worstOf });
  const now = useNow();
  const [search, setSearch] = useSearchParams();
  const asked = search.get("show");
  const filter: Filter = isFilter(asked) ? asked : "all";
  const name = search.get("name") ?? "";
  const put = (key: string, value: string) => {
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === "" || value === "all") after.delete(key);
        else after.set(key, value);
        return after;
      },
      { replace: true },
    );
  };
  const list = patients.data ?? [];
  const shown = choose(list, filter, name, now);

  return (
    <div data-testid="patients-page">
      <title>Patients · MediAssist</title>
      <div className={styles["head"]}>
        <h1>Patients</h1>
        <div className={styles["filters"]} role="group" aria-label="Show">
          {FILTERS.map(([value, label]) => (
            <button
              key={value}
              type="button"
              className={styles["filter"]}
              aria-pressed={filter === value}
              onClick={() => {
                put("show", value);
              }}
            >
              {label} <span className="num">{count(list, value, now)}</span>
            </button>
          ))}
        </div>
        <label className={styles["search"]}>
          <span className="unseen">Find by name</span>
          <Icon name="search" size={16} />
          <input
            type="search"
            placeholder="Find by name"
            value={name}
            onChange={(event) => {
              put("name", event.target.value);
            }}
          />
        </label>
      </div>
      {patients.isPending ? <WaitingRows /> : null}
      {patients.isError && patients.data === undefined ? (
        <Message tone="error" title="The patients could not be loaded" detail={failureText(patients.error)}>
          <Button variant="outlined" onClick={() => void patients.refetch()}>
            Try again
          </Button>
        </Message>
      ) : null}
      {patients.data && list.length === 0 ? (
        <Message title="No patients yet" detail="Patients of your organisation appear here once a home is enrolled." />
      ) : null}
      {list.length > 0 && shown.length === 0 ? <Message title="No patient matches" detail="Change the filter or the name." /> : null}
      {shown.length > 0 ? (
        <ul className={styles["list"]} aria-label="Patients">
          {shown.map((patient) => (
            <PatientRow key={patient.id} patient={patient} worst={alerts.data?.get(patient.id)} now={now} />
          ))}
        </ul>
      ) : null}
    </div>
  );
}
