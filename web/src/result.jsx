// The output of a call: a table where it is a list, the error with what to do next, and the JSON.
import { Alert, AlertTitle, Box, Button, Paper, Stack, Tab, Table, TableBody, TableCell, TableContainer, TableHead, TableRow, Tabs, Typography } from "@mui/material";
import { useState } from "react";
import { copies } from "./copies.js";

const isList = (value) => Array.isArray(value) && value.length > 0 && value.every((item) => item && typeof item === "object" && !Array.isArray(item));
const shown = (value) => (value === null || value === undefined ? "" : Array.isArray(value) && value.every((item) => typeof item === "string") ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : String(value));

export function Code({ text, label }) {
  const [state, setState] = useState("Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("Copied");
    } catch {
      // Browsers offer the clipboard to pages of this machine and of https alone.
      setState("Select the text to copy it");
    }
  };
  return (
    <Box sx={{ position: "relative" }}>
      <Paper variant="outlined" component="pre" tabIndex={0} aria-label={label} sx={{ p: 1.5, pr: 10, m: 0, overflow: "auto", maxHeight: 420, fontSize: 13, whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{text}</Paper>
      <Button size="small" sx={{ position: "absolute", top: 4, right: 4 }} onClick={copy}>{state}</Button>
    </Box>
  );
}

export function Result({ result }) {
  const { output, code, advice } = result;
  const lists = Object.entries(output).filter(([, value]) => isList(value));
  return (
    <Stack spacing={2} role="region" aria-label="Result">
      {output.success ? <Alert severity="success" variant="outlined">Done.</Alert> : (
        <Alert severity="error" variant="outlined" role="alert">
          <AlertTitle>{code ?? "The call failed"}</AlertTitle>
          {output.error}
          {advice && <Typography variant="body2" sx={{ mt: 1 }}>{advice}</Typography>}
        </Alert>
      )}
      {lists.map(([name, rows]) => <Rows key={name} name={name} rows={rows} />)}
      <Box component="details" open={lists.length === 0}>
        <Box component="summary" sx={{ cursor: "pointer", mb: 1 }}>JSON</Box>
        <Code text={JSON.stringify(output, null, 2)} label="The output as JSON" />
      </Box>
    </Stack>
  );
}

function Rows({ name, rows }) {
  const filled = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => rows.some((row) => shown(row[column]) !== ""));
  // What people read comes first, ids and times after it.
  const isTechnical = (column) => /^id$|_id$|_at$|^hash$/.test(column);
  const columns = [...filled.filter((column) => !isTechnical(column)), ...filled.filter(isTechnical)];
  return (
    <TableContainer component={Paper} variant="outlined" tabIndex={0} role="region" aria-label={`${name}, ${rows.length} rows`} sx={{ maxHeight: 480 }}>
      <Table size="small" stickyHeader>
        <caption>{name}: {rows.length}</caption>
        <TableHead><TableRow>{columns.map((column) => <TableCell key={column}>{column}</TableCell>)}</TableRow></TableHead>
        <TableBody>
          {rows.map((row, index) => (
            <TableRow key={row.id ?? index}>{columns.map((column) => <TableCell key={column} sx={typeof row[column] === "number" ? { whiteSpace: "nowrap" } : { maxWidth: 360, overflowWrap: "anywhere" }}>{shown(row[column])}</TableCell>)}</TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}

export function CopyAs({ integration, action, schema, input, credential }) {
  const texts = copies(integration, action, schema, input, credential);
  const [tab, setTab] = useState("Command line");
  return (
    <Box>
      <Typography variant="h3" sx={{ mb: 1 }}>Copy as</Typography>
      <Tabs value={tab} onChange={(_, now) => setTab(now)} variant="scrollable" aria-label="Copy as">
        {Object.keys(texts).map((name, index) => <Tab key={name} value={name} label={name} id={`copy-${index}`} aria-controls="copy-panel" />)}
      </Tabs>
      <Box role="tabpanel" id="copy-panel" aria-labelledby={`copy-${Object.keys(texts).indexOf(tab)}`}><Code key={tab} text={texts[tab]} label={tab} /></Box>
    </Box>
  );
}
