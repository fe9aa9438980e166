// OpenAI's client for Node.js, Responses.
import OpenAI from "openai";
import { BASE_URL, DOES, KEY, SCHEMA, pictureUrl, reportUrl, use } from "./shared.mjs";

const client = new OpenAI({ baseURL: BASE_URL, apiKey: KEY });
const tools_ = Object.entries(DOES).map(([name, description]) => (
  { type: "function", name, description, parameters: SCHEMA, strict: true }
));
const input = ({ prompt }, part) => [{ role: "user", content: [{ type: "input_text", text: prompt }, part] }];

export const text = async ({ model, prompt }) => (
  (await client.responses.create({ model, input: prompt })).output_text
);

export async function* stream({ model, prompt }) {
  for await (const event of await client.responses.create({ model, input: prompt, stream: true })) {
    if (event.type === "response.output_text.delta") yield event.delta;
    if (event.type === "response.failed") throw new Error(event.response.error.message);
  }
}

export async function tools({ model, prompt }) {
  const items = [{ role: "user", content: prompt }];
  for (;;) {
    const response = await client.responses.create({ model, input: items, tools: tools_, store: false });
    const calls = response.output.filter((item) => item.type === "function_call");
    if (!calls.length) return response.output_text;
    items.push(...response.output);
    for (const { call_id, name, arguments: given } of calls) {
      items.push({ type: "function_call_output", call_id, output: use(name, JSON.parse(given)) });
    }
  }
}

export const image = async (ask) => (await client.responses.create({
  model: ask.model, input: input(ask, { type: "input_image", image_url: pictureUrl(ask), detail: "auto" }),
})).output_text;

export const document = async (ask) => (await client.responses.create({
  model: ask.model, input: input(ask, { type: "input_file", filename: "a.pdf", file_data: reportUrl(ask) }),
})).output_text;

export async function structured({ model, prompt }) {
  const format = { type: "json_schema", name: "city", schema: SCHEMA, strict: true };
  const response = await client.responses.parse({ model, input: prompt, text: { format } });
  return JSON.stringify(response.output_parsed);
}
