// What an agent and a user of OpenClaw see of the plugin, as one line of JSON. OpenClaw itself needs a newer Node and
// hundreds of packages: this is the part of it that a plugin talks to, over OpenClaw's own module for plugins.
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import plugin from "@mem0/openclaw-mem0";

const account = { mode: "platform", apiKey: process.env.MEM0_API_KEY, baseUrl: process.env.MEM0_BASE_URL };
const seen = { id: plugin.id };
const session = { sessionKey: "agent:main:1", trigger: "user" };

function load(config) {
  const host = { tools: {}, hooks: {}, services: [], log: [] };
  const note = (text) => host.log.push(text);
  plugin.register({
    pluginConfig: { ...account, ...config },
    registrationMode: "full",
    logger: { info: note, warn: note, error: note, debug: note },
    registerTool: (tool) => (host.tools[tool.name] = tool),
    registerCli: (register) => (host.cli = register),
    registerService: (service) => host.services.push(service),
    registerMemoryCapability: (capability) => (host.capability = capability),
    on: (name, hook) => (host.hooks[name] = hook),
    resolvePath: (path) => path,
  });
  host.services.forEach((service) => service.start({ stateDir: process.env.HOME }));
  host.use = async (name, parameters) => (await host.tools[name].execute("call", parameters)).details;
  host.say = async (name, parameters) => (await host.tools[name].execute("call", parameters)).content[0].text;
  return host;
}

// The lines that a command prints, as JSON.
async function command(host, ...words) {
  const program = new Command();
  host.cli({ program });
  let printed = "";
  const write = process.stdout.write;
  process.stdout.write = (text) => (printed += text) !== null;
  try {
    await program.parseAsync(["node", "openclaw", "mem0", ...words, "--json"]);
  } finally {
    process.stdout.write = write;
  }
  return JSON.parse(printed);
}

const texts = (records) => records.map((record) => record.memory).sort();

// The tools, with skills: the agent decides what to store
const skilled = load({ userId: "alice", skills: { triage: { enabled: true }, recall: { strategy: "always" }, dream: { enabled: false } } });
seen.tools = Object.keys(skilled.tools).sort();
const stored = await skilled.use("memory_add", {
  facts: ["User loves hiking in the Alps", "User drinks tea"],
  category: "preference",
  importance: 0.9,
  metadata: { from: "a chat" },
});
seen.stored = [stored.action, stored.factCount, stored.results.length];
await skilled.use("memory_add", { text: "User works on a rocket", category: "project" });
await skilled.use("memory_add", { text: "The secret of another agent", agentId: "helper" });
const listed = await skilled.use("memory_list", { scope: "long-term" });
seen.listed = texts(listed.memories);
seen.agents = texts((await skilled.use("memory_list", { agentId: "helper" })).memories);
seen.found = texts((await skilled.use("memory_search", { query: "rocket", limit: 3, scope: "all" })).memories);
seen.narrowed = (await skilled.use("memory_search", { query: "rocket", categories: ["nonsense"] })).count;
seen.filtered = texts((await skilled.use("memory_search", { query: "rocket", filters: { metadata: { category: "project" } } })).memories);
const { id } = listed.memories.find((record) => record.memory.includes("rocket"));
await skilled.use("memory_update", { memoryId: id, text: "User works on a glider" });
seen.got = (await skilled.use("memory_get", { memoryId: id })).memory.memory;
const recalled = await skilled.hooks.before_prompt_build({ prompt: "Tell me about hiking in the Alps" }, session);
seen.recalled = recalled.prependContext.includes("hiking in the Alps");
seen.inSession = (await skilled.use("memory_add", { text: "Only for this session", longTerm: false })).action;
seen.session = texts((await skilled.use("memory_list", { scope: "session" })).memories);
seen.sessionFound = texts((await skilled.use("memory_search", { query: "session", scope: "session" })).memories);
const { events } = await skilled.use("memory_event_list", {});
seen.events = events.every((event) => event.status === "SUCCEEDED") && events.length > 3;
const add = events.find((event) => event.type === "ADD");
seen.event = (await skilled.use("memory_event_status", { event_id: add.id })).event.status;
await skilled.use("memory_delete", { memoryId: id });
seen.gone = await skilled.say("memory_get", { memoryId: id });
seen.deletedByQuery = (await skilled.use("memory_delete", { query: "tea" })).action;
seen.unconfirmed = (await skilled.use("memory_delete", { all: true })).error;
seen.deletedAll = (await skilled.use("memory_delete", { all: true, confirm: true })).action;
seen.left = (await skilled.use("memory_list", { scope: "long-term" })).count;

// Without skills: the plugin itself stores what was said, and recalls it
const plain = load({ userId: "bob", autoCapture: true, autoRecall: true });
const said = "I love sailing on the lake every summer, and my boat is called Ariadne. I am allergic to peanuts.";
const messages = [{ role: "user", content: said }, { role: "assistant", content: "Noted." }];
await plain.hooks.agent_end({ success: true, messages }, session);
// The plugin does not wait for its add.
let captured = [];
while (captured.length === 0) captured = (await command(plain, "list")).memories;
seen.captured = texts(captured);
seen.injected = (await plain.hooks.before_prompt_build({ prompt: "What is my boat called?" }, session)).prependContext;
seen.addedPlainly = (await plain.use("memory_add", { text: "I play the violin in an orchestra" })).action;

// What OpenClaw asks of its memory
const { manager } = await plain.capability.runtime.getMemorySearchManager({});
seen.manager = [manager.status().backend, manager.status().chunks];
const artifacts = await plain.capability.publicArtifacts.listArtifacts({ types: ["memory"] });
seen.artifacts = artifacts.map((artifact) => artifact.type);

// The commands
const carol = ["--user-id", "carol"];
seen.status = (await command(plain, "status")).connected;
seen.commandAdd = (await command(plain, "add", "I paint with oil colours", ...carol)).ok;
writeFileSync(`${process.env.HOME}/memories.json`, JSON.stringify([{ memory: "I collect stamps" }, { text: "I bake bread" }]));
seen.imported = await command(plain, "import", `${process.env.HOME}/memories.json`, ...carol);
const { memories } = await command(plain, "list", ...carol, "--top-k", "10");
seen.commandList = texts(memories);
const [painting] = (await command(plain, "search", "oil colours", ...carol, "--top-k", "1")).results;
seen.commandSearch = painting.memory;
await command(plain, "update", painting.id, "I paint with chalk");
seen.commandGet = (await command(plain, "get", painting.id)).memory.memory;
seen.commandDelete = (await command(plain, "delete", painting.id)).deleted;
seen.commandEvents = (await command(plain, "event", "list")).events?.length > 0;
seen.commandEvent = (await command(plain, "event", "status", add.id)).ok;
await command(plain, "config", "set", "user_id", "dora");
seen.config = await command(plain, "config", "get", "user_id");
seen.shown = JSON.stringify(await command(plain, "config", "show")).includes(process.env.MEM0_API_KEY);
seen.dream = (await command(plain, "dream", "--dry-run")).count;
seen.commandDeleteAll = (await command(plain, "delete", "--all", ...carol, "--confirm")).deleted;
seen.commandLeft = (await command(plain, "list", ...carol)).count;

const stranger = load({ apiKey: "m0-wrong", userId: "eve" });
seen.wrongKey = await stranger.say("memory_list", {});
plain.services.forEach((service) => service.stop());
console.log(JSON.stringify(seen));
