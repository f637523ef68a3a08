// The parts of a form that the library does not bring: folding, JSON, conversations.
import { Accordion, AccordionDetails, AccordionSummary, Box, Button, IconButton, MenuItem, Stack, TextField, Typography } from "@mui/material";
import { useState } from "react";

// The basic fields, and the advanced ones folded away.
export function FoldingObject({ properties, schema, fieldPathId, title, description }) {
  const isRoot = fieldPathId?.$id === "root" || fieldPathId?.path?.length === 0;
  const isAdvanced = ({ name }) => isRoot && schema.properties?.[name]?.["x-advanced"];
  const hasErrors = properties.some((property) => isAdvanced(property) && property.content.props.errorSchema?.__errors);
  const [open, setOpen] = useState(false);
  const advanced = properties.filter(isAdvanced);
  return (
    <Stack spacing={2}>
      {!isRoot && title && <Typography variant="subtitle2">{title}</Typography>}
      {!isRoot && description && <Typography variant="body2">{description}</Typography>}
      {properties.filter((property) => !isAdvanced(property)).map(({ name, content }) => <Box key={name}>{content}</Box>)}
      {advanced.length > 0 && (
        <Accordion variant="outlined" expanded={open || hasErrors} onChange={(_, now) => setOpen(now)}>
          <AccordionSummary expandIcon={<span aria-hidden="true">▾</span>}>Advanced ({advanced.length})</AccordionSummary>
          <AccordionDetails>
            <Stack spacing={2}>{advanced.map(({ name, content }) => <Box key={name}>{content}</Box>)}</Stack>
          </AccordionDetails>
        </Accordion>
      )}
    </Stack>
  );
}

// The library's own is a heading, which a screen reader would list among those of the page.
export const Description = ({ id, description }) => description ? <Typography id={id} variant="body2" sx={{ color: "text.secondary" }}>{description}</Typography> : null;

const idOf = (props) => props.fieldPathId?.$id ?? props.idSchema?.$id ?? props.name;
const change = (props, value) => props.onChange(value, props.fieldPathId?.path);

// A value that has no form of its own: an object of any fields, or any JSON.
export function JsonField(props) {
  const [text, setText] = useState(props.formData === undefined ? "" : JSON.stringify(props.formData, null, 1));
  const [problem, setProblem] = useState("");
  const onlyObjects = props.schema["x-json"] === "object";
  const errors = [problem, ...(props.errorSchema?.__errors ?? [])].filter(Boolean);
  return (
    <TextField
      id={idOf(props)}
      fullWidth
      multiline
      label={props.schema.title ?? props.name}
      required={props.required}
      placeholder={onlyObjects ? '{"source": "chat"}' : "JSON, or text"}
      helperText={errors.join(" ") || props.schema.description}
      error={errors.length > 0}
      value={text}
      onChange={(event) => {
        const now = event.target.value;
        setText(now);
        try {
          const value = now.trim() === "" ? undefined : JSON.parse(now);
          setProblem(onlyObjects && now.trim() && (typeof value !== "object" || Array.isArray(value)) ? "This must be an object, such as {\"source\": \"chat\"}." : "");
          change(props, value);
        } catch {
          setProblem(onlyObjects ? "This is not JSON yet." : "");
          change(props, now);
        }
      }}
    />
  );
}

// Messages, as rows of role and text.
export function ConversationField(props) {
  const rows = props.formData?.length ? props.formData : [{ role: "user", content: "" }];
  const roles = props.schema.items.properties.role.enum ?? ["user", "assistant"];
  const errors = props.errorSchema?.__errors ?? [];
  const set = (index, part) => change(props, rows.map((row, at) => (at === index ? { ...row, ...part } : row)));
  const id = idOf(props);
  return (
    <Box component="fieldset" sx={{ border: 0, p: 0, m: 0, minWidth: 0 }}>
      <Typography component="legend" variant="subtitle2">{props.schema.title ?? props.name}{props.required && " *"}</Typography>
      <Typography variant="body2" sx={{ color: "text.secondary", mb: 1 }}>{props.schema.description}</Typography>
      <Stack spacing={1}>
        {rows.map((row, index) => (
          <Stack direction="row" spacing={1} key={index} sx={{ alignItems: "flex-start" }}>
            <TextField select size="small" id={`${id}_${index}_role`} label={`Role ${index + 1}`} value={row.role} sx={{ width: 130 }} onChange={(event) => set(index, { role: event.target.value })}>
              {roles.map((role) => <MenuItem key={role} value={role}>{role}</MenuItem>)}
            </TextField>
            <TextField size="small" multiline fullWidth id={`${id}_${index}_content`} label={`Text ${index + 1}`} value={row.content} error={errors.length > 0} onChange={(event) => set(index, { content: event.target.value })} />
            <IconButton aria-label={`Remove message ${index + 1}`} disabled={rows.length === 1} onClick={() => change(props, rows.filter((_, at) => at !== index))}>✕</IconButton>
          </Stack>
        ))}
      </Stack>
      {errors.map((error) => <Typography key={error} color="error" variant="body2" role="alert">{error}</Typography>)}
      <Button size="small" sx={{ mt: 1 }} onClick={() => change(props, [...rows, { role: rows.at(-1).role === "user" ? "assistant" : "user", content: "" }])}>Add a message</Button>
    </Box>
  );
}
