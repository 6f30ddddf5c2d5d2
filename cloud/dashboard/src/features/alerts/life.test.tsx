/** What a person can do with an alert: the version on the screen is what is changed, and a refusal is said. */
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, expect, test, vi } from "vitest";

import type { Alert } from "../../api/client.ts";
import { renderAt } from "../../testing/render.tsx";
import { alert } from "../../testing/replies.ts";
import { Actions, History, snoozeText } from "./life.tsx";

function whole(over: Partial<Alert> = {}): Alert {
  return {
    ...alert("a1", 1_800_000_000_000),
    detector: { name: "news2", version: "1", sha256: "ab" },
    thresholds: {},
    coverage: {},
    window: { from: "2027-01-15T08:00:00Z", to: "2027-01-15T08:00:00Z" },
    evidence: [],
    waveforms: [],
    clock: [],
    ...over,
  };
}

function show(element: ReactElement): void {
  renderAt("/", { "/": element });
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function cloud(reply: () => Response): Request[] {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(input, init);
    asked.push(request);
    return Promise.resolve(reply());
  });
  return asked;
}

test("taking an alert names the version that was seen", async () => {
  const asked = cloud(() => Response.json({}));
  show(<Actions alert={whole({ version: 7 })} />);
  fireEvent.click(screen.getByRole("button", { name: "I take it" }));
  await waitFor(() => {
    expect(asked).toHaveLength(1);
  });
  expect(new URL(asked[0]?.url ?? "").pathname).toBe("/api/alerts/a1/acknowledge");
  expect(asked[0]?.headers.get("if-match")).toBe('"7"');
});

test("a refusal is said in the cloud's words", async () => {
  cloud(() => Response.json({ detail: "the alert has changed: look at it again" }, { status: 412 }));
  show(<Actions alert={whole()} />);
  fireEvent.click(screen.getByRole("button", { name: "It is over" }));
  expect((await screen.findByRole("alert")).textContent).toContain("the alert has changed");
});

test("a false alarm needs a word on what it was", () => {
  cloud(() => Response.json({}));
  show(<Actions alert={whole()} />);
  fireEvent.click(screen.getByRole("button", { name: "False alarm" }));
  const send = screen.getByRole<HTMLButtonElement>("button", { name: "Call it a false alarm" });
  expect(send.disabled).toBe(true);
  fireEvent.change(screen.getByLabelText("What was it instead?"), { target: { value: "the belt had slipped" } });
  expect(send.disabled).toBe(false);
});

test("nothing can be done with what is closed, and no snooze is longer than its priority allows", () => {
  show(<Actions alert={whole({ state: "resolved" })} />);
  expect(screen.queryByTestId("alert-actions")).toBeNull();
  expect([10, 30, 240, 1440].map(snoozeText)).toEqual(["10 min", "30 min", "4 h", "24 h"]);
});

test("the history names people and levels", async () => {
  cloud(() =>
    Response.json([
      { at: "2027-01-15T08:00:00Z", event: "found", by: null, note: null, state: "raised", level: -1, version: 1 },
      { at: "2027-01-15T08:00:01Z", event: "time_passed", by: null, note: null, state: "raised", level: 0, version: 2 },
      { at: "2027-01-15T08:01:00Z", event: "called_false", by: "A Nurse", note: "slipped", state: "false_alarm", level: 0, version: 3 },
    ]),
  );
  show(<History alert={whole({ occurrences: 3 })} zone="UTC" />);
  expect(await screen.findByText("Level 1 is asked")).toBeTruthy();
  expect(screen.getByText("Called a false alarm by A Nurse")).toBeTruthy();
  expect(screen.getByText("found 3 times")).toBeTruthy();
});
