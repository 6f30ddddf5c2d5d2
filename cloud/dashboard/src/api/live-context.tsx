/** The live feed for components: its state, whom to watch, and the waveform pieces that go past the cache. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";

import type { AlertSummary, Piece } from "./client.ts";
import { apply, catchUp } from "./live-cache.ts";
import { browserWorld, LiveFeed, type LiveState } from "./live.ts";
import { sessionQuery } from "./queries.ts";

const Feed = createContext<LiveFeed | null>(null);

/** Opens the feed while it is mounted (that is, while somebody is signed in) and fills the query cache from it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [feed] = useState(() => new LiveFeed(browserWorld));

  useEffect(() => {
    let wasLost = false;
    const stopMessages = feed.onMessage((message) => {
      apply(cache, message);
    });
    const stopStates = feed.onState(() => {
      if (feed.state.phase === "lost") {
        wasLost = true;
        // A refused socket does not say why: if the session is over, this question finds out.
        void cache.invalidateQueries({ queryKey: sessionQuery.queryKey });
      } else if (feed.state.phase === "live" && wasLost) {
        wasLost = false;
        catchUp(cache);
      }
    });
    const hurry = () => {
      feed.hurry();
    };
    globalThis.addEventListener("online", hurry);
    feed.start();
    return () => {
      globalThis.removeEventListener("online", hurry);
      stopMessages();
      stopStates();
      feed.stop();
    };
  }, [cache, feed]);

  return <Feed value={feed}>{children}</Feed>;
}

function useFeed(): LiveFeed {
  const feed = use(Feed);
  if (!feed) throw new Error("no live feed here: wrap the page in <LiveProvider>");
  return feed;
}

/** Whether the page is live, with a way to try again at once. */
export function useLive(): LiveState & { hurry: () => void } {
  const feed = useFeed();
  const state = useSyncExternalStore(
    (listener) => feed.onState(listener),
    () => feed.state,
  );
  const hurry = () => {
    feed.hurry();
  };
  return { ...state, hurry };
}

/** Hear of each new alert of the organisation (keep `listener` stable). */
export function useNewAlerts(listener: (alert: AlertSummary) => void): void {
  const feed = useFeed();
  useEffect(
    () =>
      feed.onMessage((message) => {
        if (message.type === "alert") listener(message.alert);
      }),
    [feed, listener],
  );
}

/** Watch `patient` while mounted; `onPieces` gets each batch of waveform pieces (keep it stable). */
export function useWatch(patient: string, onPieces: (pieces: Piece[]) => void): void {
  const feed = useFeed();
  useEffect(() => {
    feed.watch(patient);
    const stop = feed.onMessage((message) => {
      if (message.type === "waveform" && message.patient === patient) onPieces(message.pieces);
    });
    return () => {
      stop();
      feed.watch(null);
    };
  }, [feed, patient, onPieces]);
}
