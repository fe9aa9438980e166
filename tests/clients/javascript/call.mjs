// Asks one question with the client that the first argument names, as its users do: its own retries.
const { BASE_URL, KEY, PROMPT } = process.env;

const clients = {
  "ai-sdk": async () => {
    const { generateText } = await import("ai");
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const provider = createOpenAICompatible({ name: "faregate", baseURL: BASE_URL, apiKey: KEY });
    const answer = await generateText({ model: provider("SIMPLE"), prompt: PROMPT });
    return answer.text || answer.finishReason;
  },
  langchain: async () => {
    const { ChatOpenAI } = await import("@langchain/openai");
    const model = new ChatOpenAI({ model: "SIMPLE", apiKey: KEY, configuration: { baseURL: BASE_URL } });
    const answer = await model.invoke(PROMPT);
    return answer.content || answer.response_metadata.finish_reason;
  },
};

try {
  console.log(await clients[process.argv[2]]());
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
