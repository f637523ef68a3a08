// One action: its form, its run, its result.
import { Alert, Box, Button, Chip, Dialog, DialogActions, DialogContent, DialogContentText, DialogTitle, LinearProgress, MenuItem, Stack, TextField, Typography } from "@mui/material";
import { withTheme } from "@rjsf/core";
import { Theme } from "@rjsf/mui";
import { useEffect, useMemo, useRef, useState } from "react";
import { call } from "./api.js";
import { ConversationField, Description, FoldingObject, JsonField } from "./fields.jsx";
import { CopyAs, Result } from "./result.jsx";
import { fieldError, toForm, toInput, withoutDefaults } from "./schema.js";
import { validator } from "./validator.js";

const Form = withTheme(Theme);
const fields = { json: JsonField, conversation: ConversationField };
const templates = { ObjectFieldTemplate: FoldingObject, DescriptionFieldTemplate: Description };

export function Hints({ hints }) {
  const names = { read_only: "read-only", destructive: "destructive", cross_user: "all users" };
  return Object.entries(names).filter(([hint]) => hints[hint]).map(([hint, label]) => (
    <Chip key={hint} size="small" label={label} color={hint === "destructive" ? "error" : "default"} variant="outlined" sx={{ ml: 1 }} />
  ));
}

export function Action({ manifest, action, stored, onSignedOut }) {
  const form = useMemo(() => toForm(action.input_schema), [action]);
  const [data, setData] = useState({});
  const [credential, setCredential] = useState("");
  const [asking, setAsking] = useState(false);
  const [run, setRun] = useState({});
  const aborter = useRef(null);
  const heading = useRef(null);
  useEffect(() => { heading.current?.focus(); return () => aborter.current?.abort(); }, []);
  const mine = stored.filter((one) => one.integration === manifest.name);
  const input = withoutDefaults(toInput(data) ?? {}, form.schema);
  const atField = run.result && fieldError(run.result.output.error, form.schema);

  const start = async (extra = {}) => {
    setAsking(false);
    aborter.current = new AbortController();
    const started = Date.now();
    setRun({ busy: true, started });
    try {
      const result = await call(manifest.name, action.name, { ...input, ...extra }, credential, {
        signal: aborter.current.signal,
        onProgress: (progress) => setRun({ busy: true, started, progress }),
      });
      setRun({ result });
    } catch (error) {
      if (error.signedOut) onSignedOut();
      else setRun(error.name === "AbortError" ? { cancelled: true } : { failure: error.message });
    }
  };
  const submit = () => (action.hints.destructive && !data.dry_run ? setAsking(true) : start());
  // The question is the confirmation that such an action wants.
  const confirmed = "confirm" in form.schema.properties ? { confirm: true } : {};
  const { progress } = run;
  return (
    <Stack spacing={3}>
      <Box>
        <Typography variant="h2" tabIndex={-1} ref={heading} sx={{ outline: "none" }}>{action.title}<Hints hints={action.hints} /></Typography>
        <Typography sx={{ color: "text.secondary" }}>{action.description}</Typography>
      </Box>
      {mine.length > 0 && (
        <TextField select id="use-credential" label="Credential" value={credential} onChange={(event) => setCredential(event.target.value)} sx={{ maxWidth: 320 }} slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}>
          <MenuItem value="">The default</MenuItem>
          {mine.map((one) => <MenuItem key={one.name} value={one.name}>{one.name}</MenuItem>)}
        </TextField>
      )}
      <Form
        schema={form.schema}
        uiSchema={form.uiSchema}
        validator={validator}
        fields={fields}
        templates={templates}
        formData={data}
        extraErrors={atField?.errors}
        showErrorList={false}
        noHtml5Validate
        experimental_defaultFormStateBehavior={{ arrayMinItems: { populate: "never" } }}
        onChange={(event) => setData(event.formData)}
        onSubmit={submit}
      >
        <Stack direction="row" spacing={2} sx={{ mt: 3 }}>
          <Button type="submit" variant="contained" disabled={run.busy}>Run</Button>
          {run.busy && <Button onClick={() => aborter.current.abort()}>Cancel</Button>}
        </Stack>
      </Form>
      {run.busy && (
        <Box role="status">
          <LinearProgress aria-label="Running" variant={progress?.total ? "determinate" : "indeterminate"} value={progress?.total ? (100 * progress.done) / progress.total : undefined} />
          <Elapsed since={run.started} message={progress?.message ?? `Running ${action.name}`} />
        </Box>
      )}
      {run.cancelled && <Alert severity="info" variant="outlined" role="status">Cancelled.{!action.hints.read_only && " It may have taken effect; look before you run it again."}</Alert>}
      {run.failure && <Alert severity="error" variant="outlined" role="alert">{run.failure}</Alert>}
      {run.result && <Result result={run.result} />}
      <CopyAs integration={manifest.name} action={action.name} schema={form.schema} input={input} credential={credential} />
      <Dialog open={asking} onClose={() => setAsking(false)} aria-labelledby="asking-title">
        <DialogTitle id="asking-title">{action.title}?</DialogTitle>
        <DialogContent><DialogContentText>{action.description} This may delete or overwrite what is stored.</DialogContentText></DialogContent>
        <DialogActions>
          <Button autoFocus onClick={() => setAsking(false)}>Keep everything</Button>
          <Button color="error" variant="contained" onClick={() => start(confirmed)}>{action.title}</Button>
        </DialogActions>
      </Dialog>
    </Stack>
  );
}

function Elapsed({ since, message }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => { const timer = setInterval(() => setNow(Date.now()), 1000); return () => clearInterval(timer); }, []);
  return <Typography variant="body2">{message} ({Math.max(0, Math.round((now - since) / 1000))} s)</Typography>;
}
