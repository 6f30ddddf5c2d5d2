/** The dashboard's entry: paint the scheme, mount the app. */
import "@fontsource-variable/inter/wght.css";
import "./app/theme.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Providers } from "./app/providers.tsx";
import { Router } from "./app/router.tsx";
import { paintScheme } from "./app/theme.ts";

paintScheme();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <Providers>
      <Router />
    </Providers>
  </StrictMode>,
);
