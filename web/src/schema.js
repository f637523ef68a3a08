// Turns an action's JSON Schema into what the form library shows well.

const deref = (schema, root) => {
  if (!schema?.$ref?.startsWith("#/$defs/")) return schema ?? {};
  const { $ref, ...rest } = schema;
  return { ...root.$defs?.[$ref.slice("#/$defs/".length)], ...rest };
};

const withoutNull = (schema) => {
  const others = schema.anyOf?.filter((choice) => choice.type !== "null");
  if (others?.length !== 1) return schema;
  const { anyOf, default: given, ...rest } = schema;
  return given === null || given === undefined ? { ...rest, ...others[0] } : { ...rest, ...others[0], default: given };
};

export const isConversation = (schema) =>
  schema.type === "array" && schema.items?.properties?.role && schema.items?.properties?.content;

// Returns { schema, uiSchema }. What has no form of its own is entered as JSON.
export function toForm(root) {
  const properties = {};
  const uiSchema = { "ui:submitButtonOptions": { norender: true } };
  for (const [name, given] of Object.entries(root.properties ?? {})) {
    const { schema, ui } = field(given, root, 0);
    properties[name] = { ...schema, "x-advanced": given["x-advanced"] };
    uiSchema[name] = ui;
  }
  return { schema: { type: "object", properties, required: root.required ?? [] }, uiSchema };
}

function field(given, root, depth) {
  const schema = withoutNull(deref(withoutNull(deref(given, root)), root));
  const plain = ["string", "integer", "number", "boolean"].includes(schema.type) || schema.enum;
  if (plain) return { schema, ui: schema.type === "boolean" ? { "ui:widget": "checkbox" } : {} };
  if (schema.type === "array" && depth < 3) {
    const items = field(schema.items ?? {}, root, depth + 1);
    const made = { ...schema, items: items.schema };
    const ui = { items: items.ui, "ui:options": { orderable: false } };
    return { schema: made, ui: isConversation(made) ? { "ui:field": "conversation" } : ui };
  }
  if (schema.type === "object" && schema.properties && depth < 3) {
    const parts = Object.entries(schema.properties).map(([name, part]) => [name, field(part, root, depth + 1)]);
    return {
      schema: { ...schema, properties: Object.fromEntries(parts.map(([name, part]) => [name, part.schema])) },
      ui: Object.fromEntries(parts.map(([name, part]) => [name, part.ui])),
    };
  }
  const { title, description } = schema;
  return { schema: { title, description, "x-json": schema.type ?? "any" }, ui: { "ui:field": "json" } };
}

// What the form holds without what was left empty: an empty field is one that was left out.
export function toInput(value) {
  if (Array.isArray(value)) {
    const items = value.map(toInput).filter((item) => item !== undefined);
    return items.length ? items : undefined;
  }
  if (value && typeof value === "object") {
    const entries = Object.entries(value).map(([name, item]) => [name, toInput(item)]);
    const kept = entries.filter(([, item]) => item !== undefined);
    return kept.length ? Object.fromEntries(kept) : undefined;
  }
  return value === "" || value === null ? undefined : value;
}

// What was left at its default need not be sent, and copies are shorter without it.
export const withoutDefaults = (input, schema) =>
  Object.fromEntries(Object.entries(input).filter(([name, value]) => schema.required.includes(name) || value !== schema.properties[name]?.default));

// `invalid_input: user_id: is required` belongs at the field user_id; null where the error names no field.
export function fieldError(error, schema) {
  const found = /^invalid_input: ([A-Za-z_][\w]*)((?:[.[][\w\]]+)*): (.*)$/s.exec(error ?? "");
  if (!found || !schema.properties[found[1]]) return null;
  const [, name, path, message] = found;
  const text = path ? `${path.replace(/^\./, "")}: ${message}` : message;
  return { name, errors: { [name]: { __errors: [text[0].toUpperCase() + text.slice(1)] } } };
}
