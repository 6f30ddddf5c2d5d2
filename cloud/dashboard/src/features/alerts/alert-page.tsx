/** One alert with everything it stands on: the window's readings and ECG, the detector, its figures, its clocks. */
import { useQuery } from "@tanstack/react-query";
import Button from "@mui/material/Button";
import { Link, useParams } from "react-router";

import { failureText, api, Refusal, type Alert } from "../../api/client.ts";
import { useNow } from "../../api/clock.ts";
import { kindText, plain, sentence } from "../../api/words.ts";
import { Icon } from "../../ui/icons.tsx";
import { Message } from "../../ui/message.tsx";
import { ageText, fullTime } from "../../ui/moments.ts";
import { Opening } from "../../ui/opening.tsx";
import { PriorityMark } from "../../ui/priority-mark.tsx";
import { priorityOf } from "../../ui/priority.ts";
import styles from "./alert-page.module.css";
import { Evidence } from "./evidence.tsx";
import { Grounds } from "./grounds.tsx";
import { Actions, History } from "./life.tsx";
import { useZones } from "./zones.ts";

export function AlertPage() {
  const { alert: id = "" } = useParams();
  // Asked again when the live feed says that the alert has changed.
  const alert = useQuery({
    ...api.queryOptions("get", "/api/alerts/{alert}", { params: { path: { alert: id } } }),
    staleTime: Infinity,
  });
  if (alert.data) return <Found alert={alert.data} />;
  if (!alert.isError) return <Opening />;
  const missing = alert.error instanceof Refusal && [404, 422].includes(alert.error.status);
  return missing ? (
    <Message title="There is no such alert" detail="The address may be wrong, or the alert belongs to another organisation.">
      <Button component={Link} to="/alerts" variant="outlined">
        To the alerts
      </Button>
    </Message>
  ) : (
    <Message tone="error" title="The alert could not be loaded" detail={failureText(alert.error)}>
      <Button variant="outlined" onClick={() => void alert.refetch()}>
        Try again
      </Button>
    </Message>
  );
}

function Found({ alert }: { alert: Alert }) {
  const now = useNow();
  const zone = useZones()(alert.patient.id);
  const at = Date.parse(alert.raised_at);
  return (
    <article data-testid="alert-page">
      <title>{`${kindText(alert.kind)}, ${alert.patient.name} · MediAssist`}</title>
      <header className={styles["head"]} data-priority={priorityOf(alert.priority)}>
        <Link to="/alerts" className={styles["back"]} aria-label="Back to the alerts">
          <Icon name="back" />
        </Link>
        <div className={styles["title"]}>
          <h1>{kindText(alert.kind)}</h1>
          <p>
            <Link to={`/patients/${alert.patient.id}`} className={styles["patient"]}>
              {alert.patient.name}
            </Link>
            {" · "}
            <time dateTime={alert.raised_at} className="num">
              {fullTime(at, zone)}
            </time>
            {" · "}
            <span className="num">{ageText(now - at) === "now" ? "now" : `${ageText(now - at)} ago`}</span>
          </p>
        </div>
        <div className={styles["standing"]}>
          <PriorityMark priority={alert.priority} size={26} />
          <span className={styles["state"]}>
            {plain(alert.state)}
            {alert.owner === null ? "" : ` · ${alert.owner}`}
          </span>
        </div>
        <p className={styles["why"]} data-testid="explanation">
          {sentence(alert.explanation)}
        </p>
        <Actions alert={alert} />
      </header>
      <div className={styles["columns"]}>
        <div className={styles["column"]}>
          <Evidence alert={alert} zone={zone} />
        </div>
        <div className={styles["column"]}>
          <History alert={alert} zone={zone} />
          <Grounds alert={alert} />
        </div>
      </div>
    </article>
  );
}
