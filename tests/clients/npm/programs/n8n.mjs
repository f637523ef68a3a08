// What a flow of n8n sees of the node, as one line of JSON. n8n itself is 2.9 GB: this is the part of it that runs one
// node, over n8n's own library of types and errors.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const folder = "@mem0/n8n-nodes-mem0/dist";
const { Mem0 } = require(`${folder}/nodes/Mem0/Mem0.node.js`);
const { Mem0Api } = require(`${folder}/credentials/Mem0Api.credentials.js`);
const lodash = require("lodash");

const node = new Mem0();
const scheme = new Mem0Api();

async function request(credentials, { method, url, body, qs, baseURL = "" }) {
  const fill = (text) => text.replace(/^=/, "").replace(/{{\$credentials\.(\w+)}}/g, (_, name) => credentials[name]);
  const headers = Object.fromEntries(
    Object.entries(scheme.authenticate.properties.headers).map(([name, value]) => [name, fill(value)]),
  );
  if (body !== undefined) headers["content-type"] = "application/json";
  const address = new URL(fill(baseURL) + url);
  for (const [name, value] of Object.entries(qs ?? {})) address.searchParams.set(name, value);
  const response = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) {
    const text = await response.text();
    const error = new Error(`Request failed with status code ${response.status}`);
    throw Object.assign(error, { httpCode: String(response.status), response: { status: response.status, data: text } });
  }
  return response.json();
}

// Run the node over some items, each with its parameters; what is not given has the node's own default.
async function run(items, { key = process.env.MEM0_API_KEY, continueOnFail = false } = {}) {
  const credentials = { apiKey: key, baseUrl: process.env.MEM0_BASE_URL };
  const context = {
    getInputData: () => items.map((json) => ({ json })),
    getNodeParameter: (name, index, fallback) => lodash.get(items[index], name, fallback),
    getCredentials: async () => credentials,
    getNode: () => ({ name: "Mem0", type: "mem0", typeVersion: 1, parameters: {} }),
    continueOnFail: () => continueOnFail,
    helpers: { httpRequestWithAuthentication: async (_name, options) => request(credentials, options) },
  };
  const [output] = await node.execute.call(context);
  return output;
}

const json = async (...items) => (await run(items)).map((entry) => entry.json);
const texts = async (item) => (await json(item)).map((entry) => entry.memory).sort();
const refused = (...all) => run(...all).then(() => null, (error) => error.message);
const saying = (...lines) => ({ message: lines.map((content) => ({ role: "user", content })) });
const operation = node.description.properties.find((property) => property.name === "operation");
const seen = { operations: operation.options.map((option) => option.value).sort() };

const test = scheme.test.request;
const ping = (apiKey) => request({ apiKey, baseUrl: process.env.MEM0_BASE_URL }, test).then((body) => body.status, (error) => error.message);
seen.test = [await ping(process.env.MEM0_API_KEY), await ping("m0-wrong")];

seen.added = await json({ operation: "add", userId: "alice", messages: saying("I love hiking in the Alps. I drink tea.") });
seen.accepted = (
  await json({ operation: "add", userId: "alice", messages: saying("I play tennis."), waitForCompletion: false })
)[0].status;
seen.verbatim = await json({
  operation: "add",
  userId: "",
  messages: saying("Kept as it is"),
  addFields: {
    infer: false,
    agent_id: "helper",
    app_id: "app",
    run_id: "1",
    metadata: '{"from": "a flow"}',
    custom_instructions: "Be brief.",
    custom_categories: '[{"misc": "anything"}]',
    includes: "all",
    excludes: "nothing",
  },
});
seen.found = await texts({ operation: "search", query: "hiking", userId: "alice", limit: 5 });
seen.either = await texts({ operation: "getAll", userId: "alice", agentId: "helper" });
seen.page = (await texts({ operation: "getAll", userId: "alice", page: 2, pageSize: 2 })).length;
seen.all = await texts({ operation: "getAll", userId: "alice", returnAll: true, pageSize: 1 });
const [{ id }] = await json({ operation: "search", query: "tennis", userId: "alice", limit: 1 });
const [updated] = await json({ operation: "update", memoryId: id, text: "I play chess", metadata: '{"k": 1}' });
seen.updated = [updated.memory, updated.metadata];
const [got] = await json({ operation: "get", memoryId: id });
seen.got = got.memory;
seen.deleted = await json({ operation: "delete", memoryId: id });
seen.gone = await refused([{ operation: "get", memoryId: id }]);
seen.goneOn = (await run([{ operation: "get", memoryId: id }], { continueOnFail: true }))[0].json.error;
seen.noScope = await refused([{ operation: "search", query: "tea" }]);
seen.wrongKey = await refused([{ operation: "get", memoryId: id }], { key: "m0-wrong" });
console.log(JSON.stringify(seen));
