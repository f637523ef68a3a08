// What the user of the npm package sees, as one line of JSON. Run in a folder where mem0ai is installed.
import { MemoryClient } from "mem0ai";

const client = new MemoryClient({ apiKey: process.env.MEM0_API_KEY, host: process.env.MEM0_BASE_URL });
const alice = { user_id: "alice" };
const refusal = async (call) => {
  try {
    await call;
    return null;
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`;
  }
};
const say = (text, options) => client.add([{ role: "user", content: text }], options);
const texts = (page) => page.results.map((record) => record.memory);
const seen = {};

await client.ping();
seen.account = [client.organizationId, client.projectId];
const wrong = new MemoryClient({ apiKey: "m0-wrong", host: process.env.MEM0_BASE_URL });
seen.wrongKey = await refusal(wrong.ping());

seen.added = await say("I love hiking in the Alps. I drink tea.", { userId: "alice" });
const verbatim = await say("My bicycle is red", { userId: "alice", infer: false, metadata: { colourOf: "bicycle" } });
const id = verbatim.results[0].id;
seen.verbatim = verbatim.results[0].data.memory;
await say("Bob's secret", { userId: "bob/1", infer: false });

seen.found = (await client.search("hiking", { filters: alice, topK: 1 })).results[0];
seen.pages = [];
for (const page of [1, 2]) {
  const got = await client.getAll({ filters: alice, page, pageSize: 2 });
  seen.pages.push({ count: got.count, texts: texts(got), last: got.next === null });
}
seen.one = await client.get(id);
seen.updated = (await client.update(id, { text: "My bicycle is blue" })).memory;
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

seen.users = (await client.users()).results.map((entity) => entity.name);
await client.deleteUsers({ userId: "bob/1" });
seen.usersLeft = (await client.users()).results.map((entity) => entity.name);
const [kept] = (await client.getAll({ filters: alice })).results;
seen.deleted = (await client.delete(kept.id)).message;
await client.deleteAll({ userId: "alice" });
seen.left = (await client.getAll({ filters: alice })).count;

console.log(JSON.stringify(seen));
