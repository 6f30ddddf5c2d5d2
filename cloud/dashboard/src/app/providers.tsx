/** What every page stands in: the theme, the query cache, and the end of a session. */
import { StyledEngineProvider, ThemeProvider } from "@mui/material/styles";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";

import { onUnauthenticated, Refusal } from "../api/client.ts";
import { ended, sessionQuery } from "../api/queries.ts";
import { theme } from "./theme.ts";

/** Ask again when nobody answered or the cloud stumbled; a refusal is an answer. */
function again(failures: number, error: Error): boolean {
  if (error instanceof Refusal && error.status < 500) return false;
  return failures < 3;
}

export function Providers({ children }: { children: ReactNode }) {
  const [cache] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: again, staleTime: 30_000 }, mutations: { retry: false } } }),
  );
  useEffect(
    () =>
      onUnauthenticated(() => {
        cache.setQueryData(sessionQuery.queryKey, ended);
      }),
    [cache],
  );
  return (
    <StyledEngineProvider injectFirst>
      <ThemeProvider theme={theme} defaultMode="system" disableTransitionOnChange>
        <QueryClientProvider client={cache}>{children}</QueryClientProvider>
      </ThemeProvider>
    </StyledEngineProvider>
  );
}
