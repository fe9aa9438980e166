// The AI SDK with @ai-sdk/openai-compatible: chat completions.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { clientOf } from "./ai_sdk.mjs";
import { BASE_URL, KEY } from "./shared.mjs";

export const { text, stream, tools, image, document, structured } = clientOf(createOpenAICompatible({
  name: "faregate", baseURL: BASE_URL, apiKey: KEY, includeUsage: true, supportsStructuredOutputs: true,
}));
