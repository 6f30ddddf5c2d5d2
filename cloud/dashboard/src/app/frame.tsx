/** The frame around every page for those who are signed in: where am I, is it live, who am I. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Navigate, NavLink, Outlet, useLocation, useNavigation } from "react-router";

import { failureText } from "../api/client.ts";
import { LiveProvider } from "../api/live-context.tsx";
import { alertsQuery, patientsQuery, sessionQuery } from "../api/queries.ts";
import { Icon, Mark } from "../ui/icons.tsx";
import { Message } from "../ui/message.tsx";
import { Opening } from "../ui/opening.tsx";
import { AccountMenu } from "./account-menu.tsx";
import styles from "./frame.module.css";
import { LiveMark, NotLive } from "./live-mark.tsx";
import { NewAlerts } from "./new-alerts.tsx";
import { SilentProcesses } from "./silent-processes.tsx";

export function Frame() {
  const session = useQuery(sessionQuery);
  const here = useLocation();
  if (session.data?.account) {
    return (
      <LiveProvider>
        <Shell account={session.data.account} />
      </LiveProvider>
    );
  }
  if (session.data) {
    const from = session.data.why === "left" ? undefined : here.pathname + here.search;
    return <Navigate to="/sign-in" replace state={{ from }} />;
  }
  if (session.isError) {
    return <Message tone="error" title="The cloud does not answer" detail={failureText(session.error)} />;
  }
  return <Opening />;
}

function Shell({ account }: { account: React.ComponentProps<typeof AccountMenu>["account"] }) {
  const open = useQuery({ ...patientsQuery, select: (list) => list.reduce((sum, one) => sum + one.open_alerts, 0) });
  useQuery(alertsQuery()); // kept warm: the feed writes into it, the alerts page opens at once
  const { pathname } = useLocation();
  const moving = useNavigation().state === "loading";
  useEffect(() => {
    globalThis.scrollTo(0, 0);
  }, [pathname]);

  return (
    <>
      <a className={styles["skip"]} href="#page">
        Skip to the page
      </a>
      <header className={styles["bar"]}>
        <NavLink to="/patients" className={() => styles["brand"]} aria-label="MediAssist, patients">
          <Mark size={26} />
          <span className={styles["name"]}>MediAssist</span>
        </NavLink>
        <nav className={styles["nav"]} aria-label="Pages">
          <NavLink to="/patients" className={() => styles["tab"]}>
            <Icon name="people" />
            Patients
          </NavLink>
          <NavLink to="/alerts" className={() => styles["tab"]} data-testid="nav-alerts">
            <Icon name="bell" />
            Alerts
            {open.data === undefined || open.data === 0 ? null : (
              <span className={styles["count"]} aria-label={`${open.data} open`}>
                {open.data}
              </span>
            )}
          </NavLink>
          <NavLink to="/on-call" className={() => styles["tab"]} data-testid="nav-on-call">
            <Icon name="phone" />
            On call
          </NavLink>
        </nav>
        <div className={styles["right"]}>
          <LiveMark />
          <AccountMenu account={account} />
        </div>
        {moving ? <span className={styles["moving"]} aria-hidden="true" /> : null}
      </header>
      <NotLive />
      <SilentProcesses />
      <main id="page" className={styles["page"]} tabIndex={-1}>
        <Outlet />
      </main>
      <NewAlerts />
    </>
  );
}
