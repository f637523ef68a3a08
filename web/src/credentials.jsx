// One integration's credentials: the steps to obtain one, a form to test and save one, and those that are stored.
import { Accordion, AccordionDetails, AccordionSummary, Alert, Box, Button, Checkbox, Chip, Dialog, DialogActions, DialogContent, DialogContentText, DialogTitle, FormControlLabel, Link, List, ListItem, ListItemText, Stack, TextField, Typography } from "@mui/material";
import { useState } from "react";
import { api } from "./api.js";

export function Credentials({ manifest, stored, reload, onSignedOut }) {
  const mine = stored.filter((credential) => credential.integration === manifest.name);
  if (manifest.auth_schemes.length === 0) return <Typography>{manifest.display_name} needs no credential.</Typography>;
  return (
    <Stack spacing={3}>
      {mine.length > 0 && <StoredList stored={mine} reload={reload} integration={manifest.name} onSignedOut={onSignedOut} />}
      {manifest.auth_schemes.map((scheme) => <SchemeForm key={scheme.display_name} scheme={scheme} manifest={manifest} reload={reload} names={mine.map((credential) => credential.name)} onSignedOut={onSignedOut} />)}
    </Stack>
  );
}

// Does something, and keeps what is to be shown of it: what is busy, then how it ended.
function useOutcome(onSignedOut) {
  const [outcome, setOutcome] = useState({});
  const run = async (busy, work) => {
    setOutcome({ busy });
    try {
      setOutcome({ severity: "success", text: await work() });
    } catch (error) {
      if (error.signedOut) onSignedOut();
      else setOutcome({ severity: "error", text: error.message, advice: error.advice });
    }
  };
  return [outcome, run];
}

const Outcome = ({ of: { severity, text, advice } }) => text && (
  <Alert severity={severity} variant="outlined" role={severity === "error" ? "alert" : "status"}>
    {text}
    {advice && <Typography variant="body2" sx={{ mt: 1 }}>{advice}</Typography>}
  </Alert>
);

function StoredList({ stored, reload, integration, onSignedOut }) {
  const [outcome, run] = useOutcome(onSignedOut);
  const [leaving, setLeaving] = useState(null);
  const test = (name) => run(name, async () => {
    try {
      await api("POST", `/v1/integrations/${encodeURIComponent(integration)}/test`, { credential: name });
    } finally {
      reload();
    }
    return `${name}: the service accepts it.`;
  });
  const remove = (name) => run(name, async () => {
    setLeaving(null);
    await api("DELETE", `/v1/credentials/${encodeURIComponent(name)}`);
    reload();
    return `${name} is removed.`;
  });
  const state = (credential) => [
    credential.temporary ? "not stored, for this run of the server" : `saved ${new Date(credential.saved_at).toLocaleString()}`,
    credential.tested_at && `${credential.test_passed ? "accepted" : "refused"} at the last test`,
  ].filter(Boolean).join(", ");
  return (
    <Box>
      <Typography variant="h3">Stored</Typography>
      <List dense>
        {stored.map((credential) => (
          <ListItem key={credential.name} disableGutters sx={{ flexWrap: "wrap", gap: 1 }}>
            <ListItemText primary={<>{credential.name} {credential.default && <Chip size="small" label="default" />}</>} secondary={state(credential)} />
            <Button size="small" aria-label={`Test ${credential.name}`} loading={outcome.busy === credential.name} onClick={() => test(credential.name)}>Test</Button>
            {!credential.temporary && <Button size="small" color="error" aria-label={`Remove ${credential.name}`} onClick={() => setLeaving(credential.name)}>Remove</Button>}
          </ListItem>
        ))}
      </List>
      <Outcome of={outcome} />
      <Dialog open={leaving !== null} onClose={() => setLeaving(null)} aria-labelledby="leaving-title">
        <DialogTitle id="leaving-title">Remove {leaving}?</DialogTitle>
        <DialogContent><DialogContentText>Flows and calls that name it will fail. The key itself stays valid at the service.</DialogContentText></DialogContent>
        <DialogActions>
          <Button autoFocus onClick={() => setLeaving(null)}>Keep it</Button>
          <Button color="error" variant="contained" onClick={() => remove(leaving)}>Remove</Button>
        </DialogActions>
      </Dialog>
    </Box>
  );
}

function SchemeForm({ scheme, manifest, reload, names, onSignedOut }) {
  const [values, setValues] = useState({});
  const [name, setName] = useState("");
  const [isDefault, setDefault] = useState(true);
  const [outcome, run] = useOutcome(onSignedOut);
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ""));
  const test = () => run("test", async () => {
    await api("POST", `/v1/integrations/${encodeURIComponent(manifest.name)}/test`, { values: given });
    return `${manifest.display_name} accepts this credential.`;
  });
  const save = () => run("save", async () => {
    const chosen = name.trim() || manifest.name;
    await api("PUT", `/v1/credentials/${encodeURIComponent(chosen)}`, { integration: manifest.name, values: given, default: isDefault });
    // What was typed leaves the page; the server never gives it back.
    setValues({});
    reload();
    return `Saved as ${chosen}.`;
  });
  const field = (declared) => (
    <TextField
      key={declared.name}
      id={`${scheme.type}-${declared.name}`}
      label={declared.display_name}
      type={declared.sensitive ? "password" : "text"}
      autoComplete={declared.sensitive ? "new-password" : "off"}
      required={declared.required && declared.default === null}
      placeholder={declared.default ?? declared.format ?? ""}
      helperText={<>{declared.description} {declared.help_url && <Link href={declared.help_url} target="_blank" rel="noopener noreferrer">Help</Link>}</>}
      value={values[declared.name] ?? ""}
      onChange={(event) => setValues({ ...values, [declared.name]: event.target.value })}
      fullWidth
    />
  );
  const basic = scheme.fields.filter((declared) => !declared.advanced);
  const advanced = scheme.fields.filter((declared) => declared.advanced);
  return (
    <Box component="form" noValidate aria-label={scheme.display_name} onSubmit={(event) => { event.preventDefault(); test(); }}>
      <Typography variant="h3">{scheme.display_name}</Typography>
      <Typography sx={{ color: "text.secondary", mb: 1 }}>{scheme.description}</Typography>
      {scheme.setup_steps.length > 0 && <Box component="ol" sx={{ pl: 3, mt: 0 }}>{scheme.setup_steps.map((step) => <li key={step}>{step}</li>)}</Box>}
      <Stack spacing={2}>
        {basic.map(field)}
        {advanced.length > 0 && (
          <Accordion variant="outlined">
            <AccordionSummary expandIcon={<span aria-hidden="true">▾</span>}>Advanced ({advanced.length})</AccordionSummary>
            <AccordionDetails><Stack spacing={2}>{advanced.map(field)}</Stack></AccordionDetails>
          </Accordion>
        )}
        <Outcome of={outcome} />
        <Stack direction={{ xs: "column", sm: "row" }} spacing={2} sx={{ alignItems: { sm: "center" } }}>
          <Button type="submit" variant="outlined" loading={outcome.busy === "test"}>Test</Button>
          <TextField id={`${scheme.type}-credential-name`} size="small" label="Name" placeholder={manifest.name} value={name} onChange={(event) => setName(event.target.value)} helperText={names.includes(name.trim() || manifest.name) ? "Replaces the stored one." : ""} />
          <FormControlLabel control={<Checkbox checked={isDefault} onChange={(event) => setDefault(event.target.checked)} />} label="Use by default" />
          <Button variant="contained" onClick={save} loading={outcome.busy === "save"}>Save</Button>
        </Stack>
      </Stack>
    </Box>
  );
}
