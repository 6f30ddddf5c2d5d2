/** Render a page as it stands in the app: router and query cache around it, nothing retried. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";

/** `pages`: path -> what stands there; `at`: the address to begin with. Returns the cache and the address bar. */
export function renderAt(at: string | { pathname: string; state: unknown }, pages: Record<string, ReactElement>) {
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createMemoryRouter(
    Object.entries(pages).map(([path, element]) => ({ path, element })),
    { initialEntries: [at] },
  );
  render(
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { cache, path: () => router.state.location.pathname };
}
