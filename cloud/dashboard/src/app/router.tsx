/** The addresses of the dashboard; each page is loaded when it is first opened. */
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";

import { Opening } from "../ui/opening.tsx";
import { Fallen, Nowhere } from "./fallen.tsx";

const router = createBrowserRouter([
  {
    ErrorBoundary: Fallen,
    HydrateFallback: Opening,
    children: [
      {
        path: "/sign-in",
        lazy: async () => ({ Component: (await import("../features/sign-in/sign-in-page.tsx")).SignInPage }),
      },
      {
        lazy: async () => ({ Component: (await import("./frame.tsx")).Frame }),
        children: [
          { index: true, element: <Navigate to="/patients" replace /> },
          {
            path: "/patients",
            lazy: async () => ({ Component: (await import("../features/patients/patients-page.tsx")).PatientsPage }),
          },
          {
            path: "/patients/:patient",
            lazy: async () => ({ Component: (await import("./patient-page.tsx")).PatientPage }),
          },
          {
            path: "/alerts",
            lazy: async () => ({ Component: (await import("../features/alerts/alerts-page.tsx")).AlertsPage }),
          },
          {
            path: "/alerts/:alert",
            lazy: async () => ({ Component: (await import("../features/alerts/alert-page.tsx")).AlertPage }),
          },
          {
            path: "/on-call",
            lazy: async () => ({ Component: (await import("../features/on-call/on-call-page.tsx")).OnCallPage }),
          },
          { path: "*", element: <Nowhere /> },
        ],
      },
    ],
  },
]);

export function Router() {
  return <RouterProvider router={router} />;
}
