/** The ECG stored for an alert's window. */
import { queryOptions } from "@tanstack/react-query";

import { client } from "../../api/client.ts";
import { clock } from "../../api/clock.ts";

/** The cloud gives at most so much of a waveform at once (ms): of a longer window, its end. */
const LONGEST_MS = 120_000;
/** Samples may follow their alert by this much: until then the window is asked for again. */
const SETTLED_MS = 60_000;
const AGAIN_MS = 5000;

export function windowEcgQuery(patient: string, from: number, to: number) {
  return queryOptions({
    queryKey: ["window-ecg", patient, from, to],
    queryFn: async () => {
      const { data } = await client.GET("/api/patients/{patient}/waveforms", {
        params: {
          path: { patient },
          query: {
            metric: "ecg",
            from: new Date(Math.max(from, to - LONGEST_MS)).toISOString(),
            to: new Date(to).toISOString(),
          },
        },
      });
      return data ?? [];
    },
    staleTime: Infinity,
    refetchInterval: () => (clock.now(Date.now()) - to < SETTLED_MS ? AGAIN_MS : false),
  });
}
