/** Everybody sees who is on call and how an alert climbs; an administrator changes both. */
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { renderAt } from "../../testing/render.tsx";
import { OnCallPage } from "./on-call-page.tsx";

const SOON = new Date(Date.now() + 3_600_000).toISOString();
const AGO = new Date(Date.now() - 3_600_000).toISOString();
const DUTY = { id: "d1", account: "a1", name: "Grace Okoro", level: 0, since: AGO, until: SOON };
const LADDER = { own: false, steps: [{ priority: "high", level: 0, seconds: 120 }] };

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** The cloud with this roster, asked by somebody in this role; returns what was written: method, path, body. */
function cloud(role: string, duties: unknown[]): [string, string, unknown][] {
  const written: [string, string, unknown][] = [];
  const replies: Record<string, unknown> = {
    "/api/session": { id: "a1", name: "Grace Okoro", email: "g@example.org", role, organisation: { id: 1, name: "North" } },
    "/api/escalation/roster": duties,
    "/api/escalation/ladder": LADDER,
    "/api/escalation/people": [{ id: "a1", name: "Grace Okoro", role: "doctor" }],
  };
  vi.stubGlobal("fetch", async (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    if (request.method === "GET") return Response.json(replies[pathname]);
    written.push([request.method, pathname, request.method === "DELETE" ? null : await request.json()]);
    return request.method === "DELETE" ? new Response(null, { status: 204 }) : Response.json(LADDER);
  });
  return written;
}

test("a nurse sees who is on call and when whom an alert reaches, and changes nothing", async () => {
  cloud("nurse", [DUTY]);
  renderAt("/", { "/": <OnCallPage /> });
  expect((await screen.findAllByText("Grace Okoro")).length).toBe(2);
  expect(screen.getByText("first level at once, then again every 2 min")).toBeTruthy();
  expect(screen.getByText(/An administrator changes/u)).toBeTruthy();
  expect(screen.queryByTestId("change-ladder")).toBeNull();
  expect(screen.queryByRole("button", { name: /Take Grace Okoro off/u })).toBeNull();
});

test("that nobody is on call is said loudly", async () => {
  cloud("nurse", []);
  renderAt("/", { "/": <OnCallPage /> });
  expect(await screen.findByText(/^Nobody is on call\. Alerts are told/u)).toBeTruthy();
});

test("an administrator takes somebody off and writes the ladder", async () => {
  const written = cloud("administrator", [DUTY]);
  renderAt("/", { "/": <OnCallPage /> });
  fireEvent.click(await screen.findByRole("button", { name: /Take Grace Okoro off/u }));
  await waitFor(() => {
    expect(written).toContainEqual(["DELETE", "/api/escalation/roster/d1", null]);
  });
  fireEvent.click(screen.getByTestId("change-ladder"));
  fireEvent.change(screen.getByLabelText("High priority, first level, minutes"), { target: { value: "3" } });
  fireEvent.click(screen.getByRole("button", { name: "One level more for high alerts" }));
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  const steps = [0, 1].map((level) => ({ priority: "high", level, seconds: 180 }));
  await waitFor(() => {
    expect(written).toContainEqual(["PUT", "/api/escalation/ladder", steps]);
  });
});

test("an administrator puts somebody on the roster", async () => {
  const written = cloud("administrator", []);
  renderAt("/", { "/": <OnCallPage /> });
  fireEvent.click(await screen.findByTestId("add-duty"));
  fireEvent.mouseDown(screen.getByRole("combobox", { name: "Who" }));
  fireEvent.click(await screen.findByRole("option", { name: "Grace Okoro, doctor" }));
  fireEvent.click(screen.getByRole("button", { name: "Put on the roster" }));
  await waitFor(() => {
    expect(written.some(([method, path]) => method === "POST" && path === "/api/escalation/roster")).toBe(true);
  });
});
