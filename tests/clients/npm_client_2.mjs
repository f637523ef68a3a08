// What the user of the older npm package sees, as one line of JSON: it sends versions 1 and 2 of add, list and search.
import { MemoryClient } from "mem0ai-2";

const client = new MemoryClient({ apiKey: process.env.MEM0_API_KEY, host: process.env.MEM0_BASE_URL });
const messages = [{ role: "user", content: "I love hiking in the Alps. I drink tea." }];
const filters = { AND: [{ user_id: "alice" }] };
const texts = (found) => (found.results ?? found).map((record) => record.memory).sort();
const seen = {};

await client.ping();
seen.added = await client.add(messages, { user_id: "alice" });
seen.listed = texts(await client.getAll({ user_id: "alice" }));
seen.listed2 = texts(await client.getAll({ api_version: "v2", filters }));
seen.paged = await client.getAll({ user_id: "alice", page: 1, page_size: 1 }).then((page) => page.count);
seen.found = texts(await client.search("hiking", { user_id: "alice" }));
seen.found2 = texts(await client.search("hiking", { api_version: "v2", filters }));
const [first] = await client.getAll({ user_id: "alice" });
seen.one = (await client.get(first.id)).id === first.id;
await client.update(first.id, { text: "My bicycle is blue" });
seen.history = (await client.history(first.id)).map((entry) => entry.event);
const project = (await client.getProject({ fields: [] })).project_id;
const made = await client.createWebhook({
  name: "hook",
  url: "http://127.0.0.1:9/",
  eventTypes: ["memory_add"],
  projectId: project,
});
seen.webhook = made.name;
seen.webhooks = (await client.getWebhooks({ projectId: project })).length;
seen.users = (await client.users()).results.map((entity) => entity.name);
await client.delete(first.id);
await client.deleteAll({ user_id: "alice" });
seen.left = (await client.getAll({ user_id: "alice" })).length;

console.log(JSON.stringify(seen));
