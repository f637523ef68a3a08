// An action and its input, as something to paste elsewhere. No key is in any of them.
import { isConversation } from "./schema.js";

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const python = (value, indent = "") => {
  if (value === null || typeof value === "boolean") return { null: "None", true: "True", false: "False" }[value];
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}    `;
  const parts = Array.isArray(value) ? value.map((item) => python(item, inner)) : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${python(item, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return parts.length ? `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}` : open + close;
};

// The node of the package that `modulex-mem0 n8n` writes, see docs/hosts/n8n.md.
function n8nNode(integration, action, schema, input) {
  const parameters = { operation: action };
  const additionalFields = {};
  for (const [name, value] of Object.entries(input)) {
    const field = schema.properties[name] ?? {};
    const text = value && typeof value === "object" ? JSON.stringify(value) : value;
    if (field["x-advanced"]) additionalFields[name] = text;
    else if (isConversation(field)) Object.assign(parameters, { [`${name}Source`]: "json", [`${name}Json`]: text });
    else parameters[name] = text;
  }
  if (Object.keys(additionalFields).length) Object.assign(parameters, { additionalFields });
  const words = integration.split("_").filter(Boolean);
  const node = words.map((word, index) => (index ? word[0].toUpperCase() + word.slice(1) : word)).join("");
  return { name: action.replaceAll("_", " "), type: `n8n-nodes-modulex-${words.join("-")}.${node}`, typeVersion: 1, position: [0, 0], parameters };
}

export function copies(integration, action, schema, input, credential) {
  const origin = window.location.origin;
  const url = `${origin}/v1/integrations/${integration}/actions/${action}`;
  const body = JSON.stringify(input);
  const named = credential ? ` --credential ${credential}` : "";
  const server = (token) => {
    const headers = { Authorization: `Bearer ${token}`, ...(credential ? { "Modulex-Credential": credential } : {}) };
    return JSON.stringify({ mcpServers: { [integration]: { type: "http", url: `${origin}/mcp/${integration}`, headers } } }, null, 2);
  };
  return {
    "Command line": `modulex-mem0 call ${action} --integration ${integration}${named} --input ${quote(body)}`,
    Python: [
      "from modulex_mem0.runtime import Runtime",
      "",
      "with Runtime() as runtime:",
      `    result = runtime.call_sync("${integration}", "${action}", ${python(input, "    ")}${credential ? `, credential="${credential}"` : ""})`,
      "    print(result.output)",
    ].join("\n"),
    curl: [
      `curl ${quote(url)}`,
      `-H "Authorization: Bearer $MODULEX_TOKEN"`,
      ...(credential ? [`-H ${quote(`Modulex-Credential: ${credential}`)}`] : []),
      `-H 'Content-Type: application/json'`,
      `-d ${quote(body)}`,
    ].join(" \\\n  "),
    // Each client has its own way to write a variable.
    MCP: server("${MODULEX_TOKEN}"),
    Langflow: server("{{MODULEX_TOKEN}}"),
    n8n: JSON.stringify({ nodes: [n8nNode(integration, action, schema, input)], connections: {} }, null, 2),
  };
}
