// What the user of Mem0's provider for Vercel's AI SDK sees, as one line of JSON. The model is a server that says what it
// was asked.
import { createServer } from "node:http";
import { generateText, streamText } from "ai";

const asked = [];
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, input_tokens: 1, output_tokens: 1 };
const replies = {
  "/responses": () => ({
    id: "r",
    created_at: 1,
    model: "scripted",
    output: [
      {
        type: "message",
        id: "m",
        role: "assistant",
        content: [{ type: "output_text", text: "Hello", annotations: [] }],
      },
    ],
    usage,
  }),
  "/chat/completions": () => ({
    id: "c",
    created: 1,
    model: "scripted",
    choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
    usage,
  }),
  "/completions": () => ({
    id: "t",
    created: 1,
    model: "scripted",
    choices: [{ index: 0, text: "Hello", finish_reason: "stop" }],
    usage,
  }),
};
const model = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  asked.push(body);
  if (JSON.parse(body).stream) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const delta of ["Hel", "lo"]) {
      const choices = [{ index: 0, delta: { role: "assistant", content: delta }, finish_reason: null }];
      response.write(`data: ${JSON.stringify({ id: "s", created: 1, model: "scripted", choices })}\n\n`);
    }
    response.write(`data: ${JSON.stringify({ id: "s", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\n`);
    response.end("data: [DONE]\n\n");
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(replies[request.url]()));
});
await new Promise((resolve) => model.listen(0, "127.0.0.1", resolve));
const baseURL = `http://127.0.0.1:${model.address().port}`;
// The class `Mem0` has no setting for the model's address.
process.env.OPENAI_BASE_URL = baseURL;
process.env.OPENAI_API_KEY = "scripted";

const { Mem0, addMemories, createMem0, getMemories, mem0, retrieveMemories, searchMemories } = await import(
  "@mem0/vercel-ai-provider"
);
const mem0ApiKey = process.env.MEM0_API_KEY;
const host = process.env.MEM0_BASE_URL;
const alice = { user_id: "alice", mem0ApiKey, host };
const saying = (text) => [{ role: "user", content: [{ type: "text", text }] }];
const texts = (records) => records.map((record) => record.memory).sort();
const seen = {};

// The functions
seen.added = await addMemories("I love hiking in the Alps. I drink tea.", alice);
await addMemories(
  [...saying("I play tennis."), { role: "user", content: [{ type: "file", mediaType: "image/png", data: "https://a/b" }] }],
  { ...alice, metadata: { from: "a form" }, infer: true },
);
await addMemories("Keep this as it is", { ...alice, user_id: undefined, agent_id: "helper", app_id: "app", run_id: "1", infer: false });
seen.got = texts(await getMemories("hiking", alice));
seen.agents = texts(await getMemories("keep", { mem0ApiKey, host, agent_id: "helper" }));
seen.searched = texts((await searchMemories(saying("tennis"), { ...alice, top_k: 1, threshold: 0.1, rerank: true })).results);
seen.retrieved = await retrieveMemories(saying("tea"), alice);
seen.nothing = await retrieveMemories("xylophone", alice);
seen.wrongKey = await getMemories("tea", { ...alice, mem0ApiKey: "m0-wrong" }).catch((error) => error.message);

// The models
const provider = createMem0({ provider: "openai", mem0ApiKey, apiKey: "scripted", config: { baseURL }, mem0Config: alice });
const prompt = "What about hiking?";
seen.models = {};
const models = {
  generic: provider("gpt-x"),
  languageModel: provider.languageModel("gpt-x"),
  chat: provider.chat("gpt-x"),
  completion: provider.completion("gpt-x"),
  settings: mem0("gpt-x", alice),
  facadeChat: new Mem0().chat("gpt-x", alice),
  facadeCompletion: new Mem0().completion("gpt-x", alice),
};
for (const [name, one] of Object.entries(models)) {
  asked.length = 0;
  const { text, sources } = await generateText({ model: one, prompt });
  seen.models[name] = [text, asked.length, asked[0].includes("I love hiking in the Alps"), texts(sources[0].providerMetadata.mem0.memories)];
}
asked.length = 0;
let streamed = "";
for await (const part of streamText({ model: provider.chat("gpt-x"), prompt }).textStream) streamed += part;
seen.streamed = [streamed, asked[0].includes("I love hiking in the Alps")];
await generateText({ model: provider.chat("gpt-x"), prompt: "I moved to Oslo." });
seen.remembered = texts(await getMemories("Oslo", alice));

model.close();
model.closeAllConnections();
console.log(JSON.stringify(seen));
