// The AI SDK with @ai-sdk/openai: Responses, its default.
import { createOpenAI } from "@ai-sdk/openai";
import { clientOf } from "./ai_sdk.mjs";
import { BASE_URL, KEY } from "./shared.mjs";

export const { text, stream, tools, image, document, structured } = clientOf(
  createOpenAI({ baseURL: BASE_URL, apiKey: KEY }),
);
