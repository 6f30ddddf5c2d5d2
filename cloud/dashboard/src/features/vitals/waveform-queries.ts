/** The last seconds of a waveform, asked once when the page opens so that the lane is not empty. */
import { queryOptions } from "@tanstack/react-query";

import { client } from "../../api/client.ts";
import { clock } from "../../api/clock.ts";

const ASKED_MS = 30_000;

export function recentWaveformsQuery(patient: string, metric: string) {
  return queryOptions({
    queryKey: ["recent-waveforms", patient, metric],
    queryFn: async () => {
      const now = clock.now(Date.now());
      const { data } = await client.GET("/api/patients/{patient}/waveforms", {
        params: {
          path: { patient },
          query: { metric, from: new Date(now - ASKED_MS).toISOString(), to: new Date(now + ASKED_MS).toISOString() },
        },
      });
      return data ?? [];
    },
    staleTime: Infinity,
    gcTime: 0,
  });
}
