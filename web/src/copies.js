// An action and its input, as something to paste elsewhere. No key is in any of them.

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const python = (value) =>
  JSON.stringify(value, null, 4).replace(/\b(true|false|null)\b(?=(?:[^"\\]*(?:\\.|"(?:[^"\\]|\\.)*"))*[^"]*$)/g, (word) => ({ true: "True", false: "False", null: "None" })[word]);

export function copies(integration, action, input, credential) {
  const origin = window.location.origin;
  const url = `${origin}/v1/integrations/${integration}/actions/${action}`;
  const body = JSON.stringify(input);
  const named = credential ? ` --credential ${credential}` : "";
  return {
    "Command line": `modulex-mem0 call ${action} --integration ${integration}${named} --input ${quote(body)}`,
    Python: [
      "from modulex_mem0.runtime import Runtime",
      "",
      "with Runtime() as runtime:",
      `    result = runtime.call_sync("${integration}", "${action}", ${python(input).replaceAll("\n", "\n    ")}${credential ? `, credential="${credential}"` : ""})`,
      "    print(result.output)",
    ].join("\n"),
    curl: [
      `curl ${quote(url)}`,
      `-H "Authorization: Bearer $MODULEX_TOKEN"`,
      ...(credential ? [`-H ${quote(`Modulex-Credential: ${credential}`)}`] : []),
      `-H 'Content-Type: application/json'`,
      `-d ${quote(body)}`,
    ].join(" \\\n  "),
    "MCP and Langflow": JSON.stringify(
      { mcpServers: { [integration]: { type: "http", url: `${origin}/mcp/${integration}`, headers: { Authorization: "Bearer ${MODULEX_TOKEN}", ...(credential ? { "Modulex-Credential": credential } : {}) } } } },
      null,
      2,
    ),
    n8n: JSON.stringify(
      {
        nodes: [
          {
            name: action,
            type: "n8n-nodes-base.httpRequest",
            typeVersion: 4.2,
            position: [0, 0],
            parameters: {
              method: "POST",
              url,
              authentication: "genericCredentialType",
              genericAuthType: "httpBearerAuth",
              ...(credential ? { sendHeaders: true, headerParameters: { parameters: [{ name: "Modulex-Credential", value: credential }] } } : {}),
              sendBody: true,
              specifyBody: "json",
              jsonBody: body,
            },
          },
        ],
        connections: {},
      },
      null,
      2,
    ),
  };
}
