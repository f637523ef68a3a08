import createCache from "@emotion/cache";
import { CacheProvider } from "@emotion/react";
import { createTheme, CssBaseline, ThemeProvider, useMediaQuery } from "@mui/material";
import { useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.jsx";

// The policy allows only styles that carry the page's nonce.
const cache = createCache({ key: "mui", nonce: document.querySelector("script[nonce]").nonce, prepend: true });
const heading = (size) => ({ fontSize: size, fontWeight: 600, lineHeight: 1.3 });

function Root() {
  const system = useMediaQuery("(prefers-color-scheme: dark)") ? "dark" : "light";
  const [chosen, setChosen] = useState(null);
  const still = useMediaQuery("(prefers-reduced-motion: reduce)");
  const mode = chosen ?? system;
  const theme = useMemo(() => createTheme({
    palette: { mode, primary: { main: mode === "dark" ? "#9fa8ff" : "#3f43b5" }, error: { main: mode === "dark" ? "#ff8a80" : "#b3261e" } },
    typography: { fontFamily: "system-ui, sans-serif", h1: heading("1.5rem"), h2: heading("1.35rem"), h3: heading("1.1rem"), button: { textTransform: "none" } },
    ...(still && { transitions: { create: () => "none", duration: { enteringScreen: 0, leavingScreen: 0, standard: 0, short: 0, shorter: 0, shortest: 0 } } }),
    components: { MuiButtonBase: { defaultProps: { disableRipple: true } } },
  }), [mode, still]);
  return (
    <ThemeProvider theme={theme}>
      <CssBaseline enableColorScheme />
      <App dark={mode === "dark"} setDark={(dark) => setChosen(dark ? "dark" : "light")} />
    </ThemeProvider>
  );
}

createRoot(document.getElementById("root")).render(<CacheProvider value={cache}><Root /></CacheProvider>);
