// LangChain.js' ChatOpenAI.
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { BASE_URL, DOES, KEY, SCHEMA, pictureUrl, reportUrl, turns, use } from "./shared.mjs";

const client = ({ model }) => new ChatOpenAI({ model, apiKey: KEY, configuration: { baseURL: BASE_URL } });

export const text = async (ask) => (await client(ask).invoke(ask.prompt)).content;

export async function* stream(ask) {
  for await (const piece of await client(ask).stream(ask.prompt)) yield piece.content;
}

export async function tools(ask) {
  const model = client(ask).bindTools(Object.entries(DOES).map(([name, description]) => (
    { type: "function", function: { name, description, parameters: SCHEMA } }
  )));
  const messages = [new HumanMessage(ask.prompt)];
  for (;;) {
    let answer; // streamed, so that the calls come in pieces
    for await (const piece of await model.stream(messages)) answer = answer ? answer.concat(piece) : piece;
    messages.push(answer);
    if (!answer.tool_calls?.length) return answer.content;
    for (const { id, name, args } of answer.tool_calls) {
      messages.push(new ToolMessage({ tool_call_id: id, content: use(name, args) }));
    }
  }
}

export const image = async (ask) => (
  (await client(ask).invoke(turns(ask, { type: "image_url", image_url: { url: pictureUrl(ask) } }))).content
);

export const document = async (ask) => (
  (await client(ask).invoke(turns(ask, { type: "file", file: { filename: "a.pdf", file_data: reportUrl(ask) } }))).content
);

export async function structured(ask) {
  const model = client(ask).withStructuredOutput(SCHEMA, { name: "city", method: "jsonSchema" });
  return JSON.stringify(await model.invoke(ask.prompt));
}
