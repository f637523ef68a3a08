// One integration's credentials: the steps to obtain one, a form to test and save one, and those that are stored.
import { Accordion, AccordionDetails, AccordionSummary, Alert, Box, Button, Checkbox, Chip, FormControlLabel, Link, List, ListItem, ListItemText, Stack, TextField, Typography } from "@mui/material";
import { useState } from "react";
import { api } from "./api.js";

export function Credentials({ manifest, stored, reload, onSignedOut }) {
  const mine = stored.filter((credential) => credential.integration === manifest.name);
  if (manifest.auth_schemes.length === 0) return <Typography>{manifest.display_name} needs no credential.</Typography>;
  return (
    <Stack spacing={3}>
      {mine.length > 0 && <StoredList stored={mine} reload={reload} integration={manifest.name} />}
      {manifest.auth_schemes.map((scheme) => <SchemeForm key={scheme.display_name} scheme={scheme} manifest={manifest} reload={reload} names={mine.map((credential) => credential.name)} onSignedOut={onSignedOut} />)}
    </Stack>
  );
}

function StoredList({ stored, reload, integration }) {
  const [message, setMessage] = useState(null);
  const run = async (work) => {
    try {
      setMessage({ severity: "success", text: await work() });
    } catch (error) {
      setMessage({ severity: "error", text: error.message });
    }
    reload();
  };
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
            <Button size="small" aria-label={`Test ${credential.name}`} onClick={() => run(async () => { await api("POST", `/v1/integrations/${integration}/test`, { credential: credential.name }); return `${credential.name}: the service accepts it.`; })}>Test</Button>
            {!credential.temporary && <Button size="small" color="error" aria-label={`Remove ${credential.name}`} onClick={() => run(async () => { await api("DELETE", `/v1/credentials/${credential.name}`); return `${credential.name} is removed.`; })}>Remove</Button>}
          </ListItem>
        ))}
      </List>
      {message && <Alert severity={message.severity} variant="outlined" role="status">{message.text}</Alert>}
    </Box>
  );
}

function SchemeForm({ scheme, manifest, reload, names }) {
  const [values, setValues] = useState({});
  const [name, setName] = useState("");
  const [isDefault, setDefault] = useState(true);
  const [state, setState] = useState({});
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ""));
  const run = async (what, work) => {
    setState({ busy: what });
    try {
      setState({ severity: "success", text: await work() });
    } catch (error) {
      setState({ severity: "error", text: error.message, advice: error.advice });
    }
  };
  const test = () => run("test", async () => {
    await api("POST", `/v1/integrations/${manifest.name}/test`, { values: given });
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
      id={`field-${declared.name}`}
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
        {state.text && <Alert severity={state.severity} variant="outlined" role={state.severity === "error" ? "alert" : "status"}>{state.text}{state.advice && <Typography variant="body2" sx={{ mt: 1 }}>{state.advice}</Typography>}</Alert>}
        <Stack direction={{ xs: "column", sm: "row" }} spacing={2} sx={{ alignItems: { sm: "center" } }}>
          <Button type="submit" variant="outlined" loading={state.busy === "test"}>Test</Button>
          <TextField id="credential-name" size="small" label="Name" placeholder={manifest.name} value={name} onChange={(event) => setName(event.target.value)} helperText={names.includes(name.trim() || manifest.name) ? "Replaces the stored one." : ""} />
          <FormControlLabel control={<Checkbox checked={isDefault} onChange={(event) => setDefault(event.target.checked)} />} label="Use by default" />
          <Button variant="contained" onClick={save} loading={state.busy === "save"}>Save</Button>
        </Stack>
      </Stack>
    </Box>
  );
}
