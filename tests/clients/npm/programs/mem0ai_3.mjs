// What the user of the npm package sees, as one line of JSON.
import { MemoryClient } from "mem0ai";
import { followed, refusal } from "./surface.mjs";

const host = process.env.MEM0_BASE_URL;
const { proxy: client, uncalled } = followed(new MemoryClient({ apiKey: process.env.MEM0_API_KEY, host }));
const alice = { user_id: "alice" };
const say = (text, options) => client.add([{ role: "user", content: text }], options);
const texts = (page) => page.results.map((record) => record.memory);
const names = async () => (await client.users({ page: 1, pageSize: 10 })).results.map((entity) => entity.name);
const seen = {};

await client.ping();
seen.account = [client.organizationId, client.projectId];
seen.wrongKey = await refusal(new MemoryClient({ apiKey: "m0-wrong", host }).ping());

seen.added = await say("I love hiking in the Alps. I drink tea.", { userId: "alice" });
const verbatim = await say("My bicycle is red", {
  userId: "alice",
  infer: false,
  metadata: { colourOf: "bicycle" },
  customCategories: [{ transport: "bicycles and trains" }],
  customInstructions: "Be brief.",
  timestamp: 1760000000,
  expirationDate: "2999-01-01",
});
const id = verbatim.results[0].id;
seen.verbatim = verbatim.results[0].data.memory;
await say("Bob's secret", { userId: "bob/1", infer: false });

seen.found = (await client.search("hiking", { filters: alice, topK: 1, threshold: 0.1, rerank: true })).results[0];
seen.pages = [];
for (const page of [1, 2]) {
  const got = await client.getAll({ filters: alice, page, pageSize: 2 });
  seen.pages.push({ count: got.count, texts: texts(got), last: got.next === null });
}
seen.one = await client.get(id);
seen.updated = (await client.update(id, { text: "My bicycle is blue", metadata: { colourOf: "it" } })).memory;
seen.history = (await client.history(id)).map((entry) => [entry.event, entry.oldMemory, entry.newMemory]);
seen.feedback = await client.feedback({ memoryId: id, feedback: "POSITIVE" });

const made = await client.createMemoryExport({ schema: { type: "object" }, filters: { AND: [alice] } });
seen.exported = texts({ results: (await client.getMemoryExport({ memoryExportId: made.id })).memories }).sort();

await client.batchUpdate([{ memoryId: id, text: "My bicycle is green" }]);
seen.batchUpdated = (await client.get(id)).memory;
await client.batchDelete([id]);
seen.gone = await refusal(client.get(id));

await client.updateProject({ customInstructions: "Be brief." });
seen.project = await client.getProject({ fields: ["custom_instructions"] });

const hook = { name: "hook", url: "http://127.0.0.1:9/", eventTypes: ["memory_add"], projectId: client.projectId };
const { webhookId } = await client.createWebhook(hook);
await client.updateWebhook({ webhookId, name: "renamed", url: hook.url, eventTypes: ["memory_delete"] });
seen.webhooks = (await client.getWebhooks({ projectId: client.projectId })).map((one) => [one.name, one.eventTypes]);
await client.deleteWebhook({ webhookId });
seen.webhooksLeft = (await client.getWebhooks({ projectId: client.projectId })).length;

const schema = { type: "object", properties: { favouriteDrink: { type: "string", description: "A drink" } } };
await client.updateProfileSettings({ enabled: true, schema });
seen.settings = await client.getProfileSettings();
const job = await client.generateProfile({ entityId: "alice", idempotencyKey: "1" });
seen.job = await client.getProfileJob(job.statusUrl);
seen.profile = await client.getProfile({ entityId: "alice" });
seen.sample = await client.sampleProfiles({ limit: 1 });

seen.users = await names();
seen.nobody = await refusal(client.deleteUser({ entity_type: "user", entity_id: 1 }));
await say("I play chess.", { userId: "carol" });
const carol = (await client.users()).results.find((entity) => entity.name === "carol");
await client.deleteUser({ entity_type: "user", entity_id: carol.id });
await client.deleteUsers({ userId: "bob/1" });
seen.usersLeft = await names();
const [kept] = (await client.getAll({ filters: alice })).results;
seen.deleted = (await client.delete(kept.id)).message;
await client.deleteAll({ userId: "alice" });
seen.left = (await client.getAll({ filters: alice })).count;

seen.uncalled = uncalled();
console.log(JSON.stringify(seen));
