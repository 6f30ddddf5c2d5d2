/** Is what I see happening now? A mark in the bar, and a banner when it is not. */
import Button from "@mui/material/Button";
import { useEffect, useState } from "react";

import { useLive } from "../api/live-context.tsx";
import { useNow } from "../api/clock.ts";
import { clockTime, zoneName } from "../ui/moments.ts";
import styles from "./live-mark.module.css";

/** A feed lost for less than this is not worth a banner (ms). */
const PATIENCE_MS = 1500;

export function LiveMark() {
  const { phase } = useLive();
  const now = useNow();
  return (
    <div className={styles["mark"]} data-phase={phase} data-testid="live-state" role="status">
      <span className={styles["dot"]} aria-hidden="true" />
      {phase === "live" ? "Live" : phase === "connecting" ? "Connecting" : "Not live"}
      <time className={styles["clock"]} aria-hidden="true" title="Your own time">
        {clockTime(now)} {zoneName(now)}
      </time>
    </div>
  );
}

export function NotLive() {
  const { phase, since, hurry } = useLive();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (phase === "live") {
      setShown(false);
      return undefined;
    }
    const timer = setTimeout(() => {
      setShown(true);
    }, PATIENCE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [phase]);
  if (!shown) return null;
  return (
    <div className={styles["banner"]} role="alert" data-testid="not-live">
      <span>
        <strong>Not live since {clockTime(since)}.</strong> Values below may be old. Trying again by itself.
      </span>
      <Button size="small" color="inherit" variant="outlined" onClick={hurry}>
        Try now
      </Button>
    </div>
  );
}
