// What the user of the older npm package sees, as one line of JSON: it sends versions 1 and 2 of add, list and search.
import { MemoryClient } from "mem0ai-2";
import { followed, refusal } from "./surface.mjs";

const host = process.env.MEM0_BASE_URL;
const { proxy: client, uncalled } = followed(new MemoryClient({ apiKey: process.env.MEM0_API_KEY, host }));
const messages = [{ role: "user", content: "I love hiking in the Alps. I drink tea." }];
const filters = { AND: [{ user_id: "alice" }] };
const texts = (found) => (found.results ?? found).map((record) => record.memory).sort();
const seen = {};

await client.ping();
seen.wrongKey = await refusal(new MemoryClient({ apiKey: "m0-wrong", host }).ping());
seen.added = await client.add(messages, { user_id: "alice" });
seen.stored = await client.add([{ role: "user", content: "I have a dog." }], { user_id: "bob", async_mode: false });
seen.listed = texts(await client.getAll({ user_id: "alice" }));
seen.listed2 = texts(await client.getAll({ api_version: "v2", filters }));
seen.paged = await client.getAll({ user_id: "alice", page: 1, page_size: 1 }).then((page) => page.count);
seen.found = texts(await client.search("hiking", { user_id: "alice" }));
seen.found2 = texts(await client.search("hiking", { api_version: "v2", filters }));
const [first, second] = await client.getAll({ user_id: "alice" });
seen.one = (await client.get(first.id)).id === first.id;
await client.update(first.id, { text: "My bicycle is blue" });
seen.history = (await client.history(first.id)).map((entry) => entry.event);
seen.feedback = (await client.feedback({ memory_id: first.id, feedback: "NEGATIVE" })).feedback;
await client.batchUpdate([{ memoryId: second.id, text: "I drink coffee" }]);
seen.batchUpdated = (await client.get(second.id)).memory;
const made = await client.createMemoryExport({ schema: { type: "object" }, filters });
seen.exported = texts((await client.getMemoryExport({ memory_export_id: made.id })).memories);
await client.batchDelete([second.id]);
seen.gone = await refusal(client.get(second.id));

await client.updateProject({ custom_instructions: "Be brief." });
const project = await client.getProject({ fields: ["project_id", "custom_instructions"] });
seen.instructions = project.custom_instructions;
const hook = { name: "hook", url: "http://127.0.0.1:9/", eventTypes: ["memory_add"], projectId: client.projectId };
const { webhook_id: webhookId } = await client.createWebhook(hook);
await client.updateWebhook({ ...hook, webhookId, name: "renamed" });
seen.webhooks = (await client.getWebhooks({ projectId: client.projectId })).map((one) => one.name);
await client.deleteWebhook({ webhookId });
seen.webhooksLeft = (await client.getWebhooks({ projectId: client.projectId })).length;

seen.users = (await client.users()).results.map((entity) => entity.name);
await client.deleteUsers({ user_id: "bob" });
seen.usersLeft = (await client.users()).results.map((entity) => entity.name);
seen.nobody = await refusal(client.deleteUser({ entity_type: "user", entity_id: 1 }));
await client.add(messages, { user_id: "carol" });
const carol = (await client.users()).results.find((entity) => entity.name === "carol");
await client.deleteUser({ entity_type: "user", entity_id: carol.id });
seen.usersLeftThen = (await client.users()).results.map((entity) => entity.name);
await client.delete(first.id);
await client.deleteAll({ user_id: "alice" });
seen.left = (await client.getAll({ user_id: "alice" })).length;

seen.uncalled = uncalled();
console.log(JSON.stringify(seen));
