// What the user of Mastra's integration sees, as one line of JSON.
import { Mem0Integration } from "@mastra/mem0";

const config = { apiKey: process.env.MEM0_API_KEY, host: process.env.MEM0_BASE_URL, userId: "alice" };
const integration = new Mem0Integration({ config });
const seen = { name: integration.name };
seen.added = await integration.createMemory("I love hiking in the Alps.\nI drink tea.", {});
seen.addedMessages = await integration.createMemory([{ role: "user", content: "I play tennis." }], { async_mode: false });
seen.found = await integration.searchMemory("hiking", {});
seen.nothing = await integration.searchMemory("hiking", { user_id: "bob" });
console.log(JSON.stringify(seen));
