// The page: integrations, one of them, one action, runs; the address's fragment says which is open.
import { Alert, AppBar, Avatar, Box, Button, Card, CardActionArea, CardContent, Chip, CircularProgress, Container, Link, List, ListItemButton, ListItemText, Paper, Stack, Table, TableBody, TableCell, TableContainer, TableHead, TableRow, TextField, Toolbar, Typography } from "@mui/material";
import { Component, useCallback, useEffect, useState } from "react";
import { Action, Hints } from "./action.jsx";
import { api } from "./api.js";
import { Credentials } from "./credentials.jsx";

const decoded = (part) => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

const useRoute = () => {
  const read = () => window.location.hash.slice(1).split("/").filter(Boolean).map(decoded);
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const changed = () => { setRoute(read()); window.scrollTo(0, 0); };
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return route;
};

export function App({ dark, setDark }) {
  const [page, name, action] = useRoute();
  const [signedOut, setSignedOut] = useState(false);
  const onSignedOut = useCallback(() => setSignedOut(true), []);
  useEffect(() => { document.title = [action, page === "runs" ? "Runs" : name, "modulex-mem0"].filter(Boolean).join(" · "); }, [page, name, action]);
  const content = signedOut ? <SignIn onSignedIn={() => setSignedOut(false)} />
    : page === "runs" ? <Runs onSignedOut={onSignedOut} />
    : page === "integrations" && name ? <Integration key={name} name={name} actionName={action} onSignedOut={onSignedOut} />
    : <Catalogue onSignedOut={onSignedOut} />;
  return (
    <>
      <AppBar position="static" color="default" elevation={0} component="header">
        <Toolbar component="nav" aria-label="Main" sx={{ gap: 1, flexWrap: "wrap" }}>
          <Typography variant="h1" sx={{ flexGrow: 1 }}><Link href="#/" color="inherit" underline="none">modulex-mem0</Link></Typography>
          <Button href="#/">Integrations</Button>
          <Button href="#/runs">Runs</Button>
          <Button onClick={() => setDark(!dark)} aria-pressed={dark}>Dark</Button>
        </Toolbar>
      </AppBar>
      <Container component="main" maxWidth="lg" sx={{ py: 3 }}><Guard at={[page, name, action].join("/")}>{content}</Guard></Container>
    </>
  );
}

// Shows what a part of the page could not, such as a form of a schema that nobody foresaw.
class Guard extends Component {
  state = {};
  static getDerivedStateFromError = (error) => ({ error });
  componentDidUpdate(before) {
    if (this.state.error && before.at !== this.props.at) this.setState({ error: undefined });
  }
  render() {
    if (!this.state.error) return this.props.children;
    return <Alert severity="error" variant="outlined" role="alert">This cannot be shown: {this.state.error.message}. It can be used from the command line and over the API.</Alert>;
  }
}

// Loads from the API; shows what goes wrong; a session that ended leads to the sign-in.
function useApi(path, onSignedOut) {
  const [state, setState] = useState({});
  const load = useCallback(() => {
    let current = true;
    api("GET", path).then(
      (value) => current && setState({ value }),
      (error) => current && (error.signedOut ? onSignedOut() : setState({ error })),
    );
    return () => { current = false; };
  }, [path, onSignedOut]);
  useEffect(load, [load]);
  return [state.value, state.error, load];
}

const Waiting = ({ error }) => (error ? <Alert severity="error" variant="outlined" role="alert">{error.message}</Alert> : <CircularProgress aria-label="Loading" />);

function SignIn({ onSignedIn }) {
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const enter = async (event) => {
    event.preventDefault();
    try {
      await api("POST", "/session", { token });
      setToken("");
      onSignedIn();
    } catch (failure) {
      setError(failure.message);
    }
  };
  return (
    <Stack component="form" spacing={2} onSubmit={enter} sx={{ maxWidth: 480 }}>
      <Typography variant="h2">Open the link that the server printed</Typography>
      <Typography>Or enter its token, which it printed when it started, or which MODULEX_TOKEN holds.</Typography>
      <TextField id="token" label="Token" type="password" autoComplete="off" value={token} onChange={(event) => setToken(event.target.value)} error={Boolean(error)} helperText={error} />
      <Button type="submit" variant="contained">Open</Button>
    </Stack>
  );
}

function Catalogue({ onSignedOut }) {
  const [found, error] = useApi("/v1/integrations", onSignedOut);
  const [query, setQuery] = useState("");
  if (!found) return <Waiting error={error} />;
  const wanted = query.trim().toLowerCase();
  const matches = found.integrations.filter((one) => [one.name, titleOf(one), one.display_name, one.description, ...(one.categories ?? [])].join(" ").toLowerCase().includes(wanted));
  return (
    <Stack spacing={2}>
      <Typography variant="h2">Integrations</Typography>
      <TextField id="search" type="search" label="Search" size="small" value={query} onChange={(event) => setQuery(event.target.value)} sx={{ maxWidth: 400 }} />
      <Typography role="status" variant="body2">{matches.length} of {found.integrations.length}</Typography>
      <Box component="ul" sx={{ display: "grid", gap: 2, gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 300px), 1fr))", p: 0, m: 0, listStyle: "none" }}>
        {matches.map((one) => <Card component="li" variant="outlined" key={one.name}><IntegrationCard one={one} /></Card>)}
      </Box>
      {found.failures.map((failure) => <Alert key={failure.name} severity="warning" variant="outlined"><strong>{failure.name}</strong> did not load: {failure.reason}</Alert>)}
    </Stack>
  );
}

// One that was not loaded yet has no title.
const titleOf = (one) => one.display_name ?? one.name.replaceAll("_", " ");

const Logo = ({ one }) => <Avatar variant="rounded" aria-hidden="true" sx={{ bgcolor: "primary.main", color: "primary.contrastText" }}>{titleOf(one).slice(0, 1).toUpperCase()}</Avatar>;

function IntegrationCard({ one }) {
  return (
    <CardActionArea href={`#/integrations/${encodeURIComponent(one.name)}`} sx={{ height: "100%" }}>
      <CardContent>
        <Stack direction="row" spacing={2} sx={{ alignItems: "center", mb: 1 }}>
          <Logo one={one} />
          <Box><Typography variant="h3">{titleOf(one)}</Typography><Typography variant="body2" sx={{ color: "text.secondary" }}>{one.loaded ? `${one.actions} actions` : one.failure ?? `from ${one.distribution}`}</Typography></Box>
        </Stack>
        <Typography variant="body2" sx={{ mb: 1 }}>{one.description}</Typography>
        {one.categories?.map((category) => <Chip key={category} size="small" label={category} sx={{ mr: 0.5, mb: 0.5 }} />)}
      </CardContent>
    </CardActionArea>
  );
}

function Integration({ name, actionName, onSignedOut }) {
  const [manifest, error] = useApi(`/v1/integrations/${encodeURIComponent(name)}`, onSignedOut);
  const [credentials, unreadable, reload] = useApi("/v1/credentials", onSignedOut);
  if (!manifest) return <Waiting error={error} />;
  const stored = credentials?.credentials ?? [];
  const action = manifest.actions.find((one) => one.name === actionName);
  if (actionName && !action) return <Waiting error={{ message: `${manifest.display_name} has no action ${actionName}.` }} />;
  return (
    <Stack spacing={3}>
      <Stack direction="row" spacing={2} sx={{ alignItems: "center" }}>
        <Logo one={manifest} />
        <Box>
          <Typography variant={action ? "h3" : "h2"} component={action ? "p" : "h2"}>{action ? <Link href={`#/integrations/${name}`}>{manifest.display_name}</Link> : manifest.display_name}</Typography>
          {!action && <Typography variant="body2" sx={{ color: "text.secondary" }}>{manifest.description}</Typography>}
        </Box>
      </Stack>
      {unreadable && <Waiting error={unreadable} />}
      {action ? <Action key={action.name} manifest={manifest} action={action} stored={stored} onSignedOut={onSignedOut} /> : (
        <Box sx={{ display: "grid", gap: 4, gridTemplateColumns: { xs: "minmax(0, 1fr)", md: "minmax(0, 1fr) minmax(0, 1fr)" } }}>
          <Box component="section" aria-label="Credentials"><Credentials manifest={manifest} stored={stored} reload={reload} onSignedOut={onSignedOut} /></Box>
          <Palette manifest={manifest} />
        </Box>
      )}
    </Stack>
  );
}

function Palette({ manifest }) {
  return (
    <Box component="section" aria-label="Actions">
      <Typography variant="h3">Actions</Typography>
      <List component="div">
        {manifest.actions.map((action) => (
          <ListItemButton key={action.name} href={`#/integrations/${manifest.name}/${action.name}`} divider>
            <ListItemText primary={<>{action.title}<Hints hints={action.hints} /></>} secondary={action.description} />
          </ListItemButton>
        ))}
      </List>
    </Box>
  );
}

function Runs({ onSignedOut }) {
  const [found, error, reload] = useApi("/v1/runs?limit=100", onSignedOut);
  if (!found) return <Waiting error={error} />;
  return (
    <Stack spacing={2}>
      <Stack direction="row" spacing={2} sx={{ alignItems: "center" }}><Typography variant="h2">Runs</Typography><Button onClick={reload}>Refresh</Button></Stack>
      {found.runs.length === 0 ? <Typography>Nothing was called yet.</Typography> : (
        <TableContainer component={Paper} variant="outlined" tabIndex={0} role="region" aria-label="Runs">
          <Table size="small">
            <TableHead><TableRow>{["When", "Action", "Outcome", "Took", "Credential", "From"].map((column) => <TableCell key={column}>{column}</TableCell>)}</TableRow></TableHead>
            <TableBody>
              {found.runs.map((run) => (
                <TableRow key={run.id}>
                  <TableCell>{new Date(run.started_at).toLocaleString()}</TableCell>
                  <TableCell><Link href={`#/integrations/${run.integration}/${run.action}`}>{run.integration} {run.action}</Link></TableCell>
                  <TableCell>{run.outcome}</TableCell>
                  <TableCell>{run.duration_ms < 1000 ? `${Math.round(run.duration_ms)} ms` : `${(run.duration_ms / 1000).toFixed(1)} s`}</TableCell>
                  <TableCell>{run.credential}</TableCell>
                  <TableCell>{run.source}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </TableContainer>
      )}
    </Stack>
  );
}
