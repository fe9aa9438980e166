// Runs one conversation with the client that the first argument names, as its users write it; prints what came of it.
const { BASE_URL, KEY, PROMPT, PICTURE, REPORT } = process.env;

const DOES = { get_weather: "The weather in a city", get_time: "The time in a city" };
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const resultOf = (name, city) => `${name} of ${city}: 18`;

async function aiSdk() {
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const provider = createOpenAICompatible({
    name: "faregate", baseURL: BASE_URL, apiKey: KEY, includeUsage: true, supportsStructuredOutputs: true,
  });
  return { ai: await import("ai"), model: provider("auto") };
}

function aiTools({ tool, jsonSchema }, called) {
  return Object.fromEntries(Object.entries(DOES).map(([name, description]) => [name, tool({
    description,
    inputSchema: jsonSchema(SCHEMA),
    execute: async ({ city }) => {
      called.push(name);
      return resultOf(name, city);
    },
  })]));
}

async function langchain(options = {}) {
  const { ChatOpenAI } = await import("@langchain/openai");
  return new ChatOpenAI({ model: "auto", apiKey: KEY, configuration: { baseURL: BASE_URL }, ...options });
}

// A loop as LangChain's users write it; `ask` calls the model, whole or streamed.
async function langchainLoop(ask) {
  const { HumanMessage, ToolMessage } = await import("@langchain/core/messages");
  const tools = Object.entries(DOES).map(([name, description]) => (
    { type: "function", function: { name, description, parameters: SCHEMA } }
  ));
  const model = (await langchain()).bindTools(tools);
  const messages = [new HumanMessage(PROMPT)];
  const called = [];
  for (;;) {
    const answer = await ask(model, messages);
    messages.push(answer);
    if (!answer.tool_calls?.length) return { called, text: answer.content };
    for (const { id, name, args } of answer.tool_calls) {
      called.push(name);
      messages.push(new ToolMessage({ tool_call_id: id, content: resultOf(name, args.city) }));
    }
  }
}

const conversations = {
  "ai-sdk generateText": async () => {
    const { ai, model } = await aiSdk();
    const called = [];
    const stopWhen = ai.stepCountIs(5);
    const { text } = await ai.generateText({ model, prompt: PROMPT, tools: aiTools(ai, called), stopWhen });
    return { called, text };
  },
  "ai-sdk streamText": async () => {
    const { ai, model } = await aiSdk();
    const called = [];
    const stopWhen = ai.stepCountIs(5);
    const stream = ai.streamText({ model, prompt: PROMPT, tools: aiTools(ai, called), stopWhen });
    let text = "";
    for await (const piece of stream.textStream) text += piece;
    return { called, text };
  },
  "ai-sdk files": async () => {
    const { ai, model } = await aiSdk();
    const content = [
      { type: "text", text: PROMPT },
      { type: "image", image: Buffer.from(PICTURE, "base64"), mediaType: "image/png" },
      { type: "file", data: Buffer.from(REPORT, "base64"), mediaType: "application/pdf", filename: "report.pdf" },
    ];
    const { text } = await ai.generateText({ model, messages: [{ role: "user", content }] });
    return { called: [], text };
  },
  "ai-sdk generateObject": async () => {
    const { ai, model } = await aiSdk();
    const { object } = await ai.generateObject({ model, prompt: PROMPT, schema: ai.jsonSchema(SCHEMA) });
    return { called: [], text: JSON.stringify(object) };
  },
  "langchain invoke": () => langchainLoop((model, messages) => model.invoke(messages)),
  "langchain stream": () => langchainLoop(async (model, messages) => {
    let whole;
    for await (const piece of await model.stream(messages)) whole = whole ? whole.concat(piece) : piece;
    return whole;
  }),
  "langchain files": async () => {
    const content = [
      { type: "text", text: PROMPT },
      { type: "image_url", image_url: { url: `data:image/png;base64,${PICTURE}` } },
      { type: "file", file: { filename: "report.pdf", file_data: `data:application/pdf;base64,${REPORT}` } },
    ];
    const answer = await (await langchain()).invoke([{ role: "user", content }]);
    return { called: [], text: answer.content };
  },
  "langchain withStructuredOutput": async () => {
    const model = (await langchain()).withStructuredOutput(SCHEMA, { name: "city", method: "jsonSchema" });
    return { called: [], text: JSON.stringify(await model.invoke(PROMPT)) };
  },
};

try {
  console.log(JSON.stringify(await conversations[process.argv[2]]()));
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
