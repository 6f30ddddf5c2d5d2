/** A nurse sees by which limits a patient is watched, and changes them; a fault and a refusal are said and lose nothing that was typed. */
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { renderAt } from "../../testing/render.tsx";
import { LimitsPanel } from "./limits-panel.tsx";

const HEART = { metric: "heart_rate", low: 45, high: 120, for_seconds: 60, priority: "high" };
const PATH = "/api/patients/p1";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** The cloud with these limits; returns what was put, path and body. */
function cloud(limits: unknown[], refusal?: string): [string, unknown][] {
  const put: [string, unknown][] = [];
  const replies: Record<string, unknown> = {
    [`${PATH}/thresholds`]: limits,
    [`${PATH}/early-warning`]: { spo2_scale: 1 },
    [`${PATH}/baselines`]: [{ metric: "heart_rate", median: 62, spread: 5.5, hours: 240, made_at: "2027-01-15T08:00:00Z" }],
  };
  vi.stubGlobal("fetch", async (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    if (request.method !== "PUT") return Response.json(replies[pathname]);
    if (refusal !== undefined) return Response.json({ detail: refusal }, { status: 422 });
    const body: unknown = await request.json();
    put.push([pathname, body]);
    replies[pathname] = body;
    return Response.json(body);
  });
  return put;
}

async function open(): Promise<void> {
  renderAt("/", { "/": <LimitsPanel patient="p1" /> });
  fireEvent.click(await screen.findByTestId("change-limits"));
}

function type(label: string, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}

test("limits and what is usual are said side by side", async () => {
  cloud([HEART]);
  renderAt("/", { "/": <LimitsPanel patient="p1" /> });
  expect(await screen.findByText("45 to 120 /min")).toBeTruthy();
  expect(screen.getByText("for 1 min, high priority · usually 62 ± 5.5")).toBeTruthy();
  expect(screen.getByText("Early-warning score: SpO₂ scale 1.")).toBeTruthy();
});

test("what is changed is put, and what was not touched stays", async () => {
  const put = cloud([HEART]);
  await open();
  type("Oxygen saturation, not below", "90");
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("not below 90 %")).toBeTruthy();
  expect(put).toEqual([[`${PATH}/thresholds`, [HEART, { metric: "spo2", low: 90, high: null, for_seconds: 60, priority: "medium" }]]]);
});

test("a fault is said and cannot be saved", async () => {
  const put = cloud([HEART]);
  await open();
  type("Heart rate, not below", "130");
  expect(screen.getByRole("alert").textContent).toBe("Heart rate: the lower limit is not below the upper one");
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Save" }).disabled).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Leave as it was" }));
  expect(await screen.findByText("45 to 120 /min")).toBeTruthy();
  expect(put).toEqual([]);
});

test("a refusal is said in the cloud's words, and what was typed stays", async () => {
  cloud([], "a limit of heart_rate lies between 0 and 350 /min");
  await open();
  type("Heart rate, not above", "400");
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => {
    expect(screen.getByRole("alert").textContent).toContain("between 0 and 350");
  });
  expect(screen.getByLabelText<HTMLInputElement>("Heart rate, not above").value).toBe("400");
});
