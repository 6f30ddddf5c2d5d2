/** What stands where a page failed or never was. */
import Button from "@mui/material/Button";
import { Link, useRouteError } from "react-router";

import { Message } from "../ui/message.tsx";

function reload(): void {
  globalThis.location.reload();
}

/** A page threw. After a new release the old page's pieces are gone: loading again is the cure. */
export function Fallen() {
  const error = useRouteError();
  const detail = error instanceof Error ? error.message : "unknown reason";
  return (
    <main>
      <Message tone="error" title="This page could not be shown" detail={detail}>
        <Button variant="contained" onClick={reload}>
          Load again
        </Button>
      </Message>
    </main>
  );
}

export function Nowhere() {
  return (
    <Message title="There is no page at this address">
      <Button component={Link} to="/patients" variant="outlined">
        To the patients
      </Button>
    </Message>
  );
}
