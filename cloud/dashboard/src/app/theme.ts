/** MUI in the colours of `theme.css`: both schemes, dense controls, no ripple. */
import { createTheme } from "@mui/material/styles";

export const theme = createTheme({
  cssVariables: { colorSchemeSelector: "data-mui-color-scheme" },
  colorSchemes: {
    light: {
      palette: {
        primary: { main: "#0b6b72" },
        error: { main: "#c3202f" },
        background: { default: "#f2f5f7", paper: "#ffffff" },
        text: { primary: "#12212b", secondary: "#465a66" },
        divider: "#dbe3e8",
      },
    },
    dark: {
      palette: {
        primary: { main: "#5cc3c6" },
        error: { main: "#ff7c87" },
        background: { default: "#0c1317", paper: "#131d23" },
        text: { primary: "#e8f0f3", secondary: "#a9bbc4" },
        divider: "#24343d",
      },
    },
  },
  shape: { borderRadius: 8 },
  typography: {
    fontFamily: '"Inter Variable", system-ui, sans-serif',
    fontSize: 13,
    button: { textTransform: "none", fontWeight: 600 },
  },
  components: {
    MuiButtonBase: { defaultProps: { disableRipple: true } },
    MuiButton: { defaultProps: { disableElevation: true } },
  },
});

const KEY = "mui-mode";

/** Put the chosen scheme on the page before the first paint, so that a dark ward stays dark. */
export function paintScheme(): void {
  let mode: string | null = null;
  try {
    mode = globalThis.localStorage.getItem(KEY);
  } catch {
    /* storage refused: follow the system */
  }
  const dark = mode === "dark" || (mode !== "light" && globalThis.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mui-color-scheme", dark ? "dark" : "light");
}
