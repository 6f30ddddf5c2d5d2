/** Sign in: e-mail address and password, and a plain word when the cloud says no. */
import Button from "@mui/material/Button";
import TextField from "@mui/material/TextField";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type SubmitEvent } from "react";
import { Navigate, useLocation } from "react-router";

import { client } from "../../api/client.ts";
import { sessionQuery, type Session } from "../../api/queries.ts";
import { Mark } from "../../ui/icons.tsx";
import { refusalText } from "./refusal-text.ts";
import styles from "./sign-in-page.module.css";

/** Where to go after signing in: the page that was asked for, if it is one of ours. */
function destination(state: unknown): string {
  if (typeof state === "object" && state !== null && "from" in state && typeof state.from === "string") {
    if (state.from.startsWith("/") && !state.from.startsWith("//")) return state.from;
  }
  return "/patients";
}

const WHY: Record<string, string> = {
  expired: "Your session has ended. Sign in again to go on where you were.",
  left: "You are signed out.",
};

export function SignInPage() {
  const cache = useQueryClient();
  const session = useQuery(sessionQuery);
  const location = useLocation();
  const password = useRef<HTMLInputElement>(null);
  const [credentials, setCredentials] = useState({ email: "", password: "" });
  const signIn = useMutation({
    mutationFn: (body: typeof credentials) => client.POST("/api/session", { body }),
    onSuccess: ({ data }) => {
      if (data) cache.setQueryData<Session>(sessionQuery.queryKey, { account: data });
    },
    onError: () => {
      password.current?.select();
    },
  });

  if (session.data?.account) return <Navigate to={destination(location.state)} replace />;
  const why = session.data ? WHY[session.data.why] : undefined;
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    signIn.mutate(credentials);
  };
  return (
    <main className={styles["page"]}>
      <form className={styles["form"]} onSubmit={send} aria-labelledby="sign-in-title">
        <div className={styles["brand"]}>
          <Mark size={36} />
          <div>
            <h1 id="sign-in-title">MediAssist</h1>
            <p>Remote patient monitoring</p>
          </div>
        </div>
        {why === undefined || signIn.isError ? null : (
          <p className={styles["why"]} role="status">
            {why}
          </p>
        )}
        <TextField
          label="E-mail address"
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus
          fullWidth
          value={credentials.email}
          onChange={(event) => {
            setCredentials({ ...credentials, email: event.target.value });
          }}
        />
        <TextField
          label="Password"
          type="password"
          name="password"
          autoComplete="current-password"
          required
          fullWidth
          inputRef={password}
          error={signIn.isError}
          value={credentials.password}
          onChange={(event) => {
            setCredentials({ ...credentials, password: event.target.value });
          }}
        />
        {signIn.isError ? (
          <p className={styles["refusal"]} role="alert" data-testid="sign-in-error">
            {refusalText(signIn.error)}
          </p>
        ) : null}
        <Button type="submit" variant="contained" size="large" fullWidth loading={signIn.isPending}>
          Sign in
        </Button>
      </form>
      <svg className={styles["trace"]} viewBox="0 0 1200 120" preserveAspectRatio="none" aria-hidden="true">
        <path d={TRACE} />
      </svg>
    </main>
  );
}

const BEAT = "h60q9-14 18 0h14l5 7 9-76 10 92 6-23h16q15-24 30 0h42";
const TRACE = `M0 80${BEAT.repeat(6)}`;
