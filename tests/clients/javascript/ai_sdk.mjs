// What the AI SDK does with either of its providers; the modules beside this one choose one.
import * as ai from "ai";
import { DOES, SCHEMA, bytes, use } from "./shared.mjs";

const tools_ = Object.fromEntries(Object.entries(DOES).map(([name, description]) => [name, ai.tool({
  description,
  inputSchema: ai.jsonSchema(SCHEMA),
  execute: async (given) => use(name, given),
})]));

export function clientOf(provider) {
  const withFile = async ({ model, prompt }, file) => {
    const messages = [{ role: "user", content: [{ type: "text", text: prompt }, file] }];
    return (await ai.generateText({ model: provider(model), messages })).text;
  };
  return {
    text: async ({ model, prompt }) => (await ai.generateText({ model: provider(model), prompt })).text,
    // The whole stream, since its text alone leaves errors out.
    async* stream({ model, prompt }) {
      for await (const part of ai.streamText({ model: provider(model), prompt, onError() {} }).fullStream) {
        if (part.type === "text-delta") yield part.text;
        if (part.type === "error") throw part.error instanceof Error ? part.error : new Error(JSON.stringify(part.error));
      }
    },
    // Streamed, so that the calls come in pieces.
    tools: async ({ model, prompt }) => {
      const stopWhen = ai.stepCountIs(5);
      const run = ai.streamText({ model: provider(model), prompt, tools: tools_, stopWhen });
      await run.consumeStream();
      return run.text;
    },
    image: (ask) => withFile(ask, { type: "image", image: bytes(ask.picture), mediaType: "image/png" }),
    document: (ask) => (
      withFile(ask, { type: "file", data: bytes(ask.report), mediaType: "application/pdf", filename: "a.pdf" })
    ),
    structured: async ({ model, prompt }) => {
      const { object } = await ai.generateObject({ model: provider(model), prompt, schema: ai.jsonSchema(SCHEMA) });
      return JSON.stringify(object);
    },
  };
}
