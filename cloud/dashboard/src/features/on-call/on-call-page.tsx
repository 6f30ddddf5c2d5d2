/** Who is told of an alert, and when: who is on call now, the roster, and the ladder that an alert climbs which nobody takes. */
import { useQuery } from "@tanstack/react-query";

import { api, failureText } from "../../api/client.ts";
import { useNow } from "../../api/clock.ts";
import { sessionQuery } from "../../api/queries.ts";
import { Message } from "../../ui/message.tsx";
import { dayTime, zoneName } from "../../ui/moments.ts";
import { Opening } from "../../ui/opening.tsx";
import { Panel } from "../../ui/panel.tsx";
import { LadderPanel } from "./ladder-panel.tsx";
import { coveredUntil, levelText, onCallAt } from "./on-call.ts";
import styles from "./on-call.module.css";
import { RosterPanel } from "./roster-panel.tsx";

const AGAIN_MS = 30_000;

export function OnCallPage() {
  const session = useQuery(sessionQuery);
  const roster = useQuery({ ...api.queryOptions("get", "/api/escalation/roster"), refetchInterval: AGAIN_MS });
  const ladder = useQuery(api.queryOptions("get", "/api/escalation/ladder"));
  const now = useNow();
  const failed = roster.error ?? ladder.error;
  if (failed) return <Message tone="error" title="The roster could not be loaded" detail={failureText(failed)} />;
  if (!roster.data || !ladder.data) return <Opening />;
  const may = session.data?.account?.role === "administrator";
  const here = onCallAt(roster.data, now);
  const until = coveredUntil(roster.data, now);
  return (
    <div data-testid="on-call-page">
      <title>On call · MediAssist</title>
      <div className={styles["head"]}>
        <h1>On call</h1>
        <p>{may ? `Times in ${zoneName(now)}` : `Times in ${zoneName(now)}. An administrator changes the roster and the ladder.`}</p>
      </div>
      <div className={styles["columns"]}>
        <div className={styles["column"]}>
          <Panel title="Now" testId="on-call-now">
            {here.length === 0 ? (
              <p role="status" className={styles["warning"]}>
                Nobody is on call. Alerts are told to the administrators; where there is none, to everybody.
              </p>
            ) : (
              <ul className={styles["list"]}>
                {here.map((duty) => (
                  <li key={duty.id}>
                    <span className={styles["level"]}>{levelText(duty.level)}</span>
                    <span className={styles["name"]}>{duty.name}</span>
                    <span className="num">until {dayTime(Date.parse(duty.until), now)}</span>
                  </li>
                ))}
              </ul>
            )}
            {here.length > 0 ? (
              <p className={styles["covered"]}>
                {until === null
                  ? "Nobody is on call at the first level: alerts go to the next level at once."
                  : `The first level is covered until ${dayTime(until, now)}.`}
              </p>
            ) : null}
          </Panel>
          <RosterPanel duties={roster.data} may={may} />
        </div>
        <div className={styles["column"]}>
          <LadderPanel ladder={ladder.data} may={may} />
        </div>
      </div>
    </div>
  );
}
