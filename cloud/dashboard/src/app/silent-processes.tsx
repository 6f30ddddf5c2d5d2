/** Is anything behind this page silent? A banner that says since when, and what it means: a cloud that stores and tells nothing looks calm. */
import { useQuery } from "@tanstack/react-query";

import { api, type ProcessStanding } from "../api/client.ts";
import { useNow } from "../api/clock.ts";
import { dayTime, zoneName } from "../ui/moments.ts";
import styles from "./live-mark.module.css";

const AGAIN_MS = 15_000;

const MEANINGS: Record<ProcessStanding["process"], string> = {
  worker: "What homes send has not been stored",
  watch: "Alerts have not been passed on, and nobody has been told by e-mail,",
};

export function SilentProcesses() {
  const processes = useQuery({ ...api.queryOptions("get", "/api/processes"), refetchInterval: AGAIN_MS });
  const now = useNow();
  return (processes.data ?? [])
    .filter(({ silent }) => silent)
    .map(({ process, heard_at: heard }) => (
      <div key={process} className={styles["banner"]} role="alert" data-testid={`silent-${process}`}>
        <span>
          <strong>
            {MEANINGS[process]} since {heard === null ? "this cloud was set up" : `${dayTime(Date.parse(heard), now)} ${zoneName(now)}`}.
          </strong>{" "}
          Tell whoever runs MediAssist for you; look at patients yourself meanwhile.
        </span>
      </div>
    ));
}
