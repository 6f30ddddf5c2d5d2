/** A silent process is said on every page, and nothing is said while all is well. */
import { cleanup, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { cloudOf } from "../testing/replies.ts";
import { renderAt } from "../testing/render.tsx";
import { SilentProcesses } from "./silent-processes.tsx";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function standing(silent: boolean): void {
  const heard_at = new Date(Date.now() - 300_000).toISOString();
  vi.stubGlobal("fetch", cloudOf({ "GET /api/processes": () => Response.json([
    { process: "worker", heard_at, silent: false },
    { process: "watch", heard_at, silent },
  ]) }));
}

test("a silent watch is said with what it means", async () => {
  standing(true);
  renderAt("/", { "/": <SilentProcesses /> });
  expect((await screen.findByTestId("silent-watch")).textContent).toMatch(/^Alerts have not been passed on.* since \d\d:\d\d/u);
  expect(screen.queryByTestId("silent-worker")).toBeNull();
});

test("nothing is said while all is well, or while nobody knows", async () => {
  standing(false);
  const { cache } = renderAt("/", { "/": <SilentProcesses /> });
  await waitFor(() => {
    expect(cache.isFetching()).toBe(0);
  });
  expect(screen.queryByRole("alert")).toBeNull();
});
