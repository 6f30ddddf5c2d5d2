import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { Refusal, Unreachable } from "../../api/client.ts";
import { sessionQuery, type Session } from "../../api/queries.ts";
import { cloudOf } from "../../testing/replies.ts";
import { renderAt } from "../../testing/render.tsx";
import { refusalText } from "./refusal-text.ts";
import { SignInPage } from "./sign-in-page.tsx";

const ACCOUNT = { id: "n", name: "Nora", email: "n@example.org", role: "nurse", organisation: { id: 1, name: "North Clinic" } };
const NOBODY = () => Response.json({ detail: "sign in first" }, { status: 401 });

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function open(sign: () => Response, state: unknown = null) {
  vi.stubGlobal("fetch", cloudOf({ "GET /api/session": NOBODY, "POST /api/session": sign }));
  return renderAt({ pathname: "/sign-in", state }, { "/sign-in": <SignInPage />, "/patients": <p>the ward</p>, "/alerts": <p>the alerts</p> });
}

function send(): void {
  fireEvent.change(screen.getByLabelText(/E-mail/u), { target: { value: "n@example.org" } });
  fireEvent.change(screen.getByLabelText(/Password/u), { target: { value: "x" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

test("a wrong password is refused in plain words and the page stays", async () => {
  const { path } = open(() => Response.json({ detail: "wrong e-mail address or password" }, { status: 401 }));
  send();
  expect((await screen.findByRole("alert")).textContent).toBe("Wrong e-mail address or password.");
  expect(path()).toBe("/sign-in");
});

test("the right one leads to the page that was asked for", async () => {
  const { path } = open(() => Response.json(ACCOUNT), { from: "/alerts" });
  send();
  await screen.findByText("the alerts");
  expect(path()).toBe("/alerts");
});

test("an address of another site is not gone to", async () => {
  const { path } = open(() => Response.json(ACCOUNT), { from: "//evil.example" });
  send();
  await screen.findByText("the ward");
  expect(path()).toBe("/patients");
});

test("who was put out is told why", async () => {
  const { cache } = open(NOBODY);
  const expired: Session = { account: null, why: "expired" };
  cache.setQueryData(sessionQuery.queryKey, expired);
  expect((await screen.findByText(/session has ended/u)).textContent).toContain("Sign in again");
});

const SENTENCES: [Error, RegExp][] = [
  [new Refusal(401, "x"), /Wrong/u],
  [new Refusal(429, "x"), /Wait five minutes/u],
  [new Refusal(422, "x"), /whole e-mail/u],
  [new Refusal(503, "database away"), /database away/u],
  [new Unreachable("x"), /does not answer/u],
];

test.each(SENTENCES)("%s says what to do", (error, words) => {
  expect(refusalText(error)).toMatch(words);
});
