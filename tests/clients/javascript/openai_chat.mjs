// OpenAI's client for Node.js, chat completions.
import OpenAI from "openai";
import { BASE_URL, DOES, KEY, SCHEMA, pictureUrl, reportUrl, turns, use } from "./shared.mjs";

const client = new OpenAI({ baseURL: BASE_URL, apiKey: KEY });
const tools_ = Object.entries(DOES).map(([name, description]) => (
  { type: "function", function: { name, description, parameters: SCHEMA } }
));

async function said({ model }, messages, options = {}) {
  const completion = await client.chat.completions.create({ model, messages, ...options });
  return completion.choices[0].message;
}

export const text = async (ask) => (await said(ask, turns(ask))).content;

export async function* stream(ask) {
  const chunks = await client.chat.completions.create({ model: ask.model, messages: turns(ask), stream: true });
  for await (const chunk of chunks) yield chunk.choices[0]?.delta.content ?? "";
}

export async function tools(ask) {
  const messages = turns(ask);
  for (;;) {
    const message = await said(ask, messages, { tools: tools_ });
    if (!message.tool_calls?.length) return message.content;
    messages.push(message);
    for (const { id, function: { name, arguments: given } } of message.tool_calls) {
      messages.push({ role: "tool", tool_call_id: id, content: use(name, JSON.parse(given)) });
    }
  }
}

export const image = async (ask) => (
  (await said(ask, turns(ask, { type: "image_url", image_url: { url: pictureUrl(ask) } }))).content
);

export const document = async (ask) => (
  (await said(ask, turns(ask, { type: "file", file: { filename: "a.pdf", file_data: reportUrl(ask) } }))).content
);

export async function structured(ask) {
  const response_format = { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } };
  const completion = await client.chat.completions.parse({ model: ask.model, messages: turns(ask), response_format });
  return JSON.stringify(completion.choices[0].message.parsed);
}
