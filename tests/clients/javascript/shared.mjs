// What every client of this folder is given: where to ask, and two tools.
export const { BASE_URL, KEY } = process.env;

export const called = [];
export const DOES = { get_weather: "The weather in a city", get_time: "The time in a city" };
export const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export function use(name, { city }) {
  called.push(name);
  return `${name} of ${city}: 18`;
}

export const turns = ({ prompt }, ...parts) => [
  { role: "user", content: parts.length ? [{ type: "text", text: prompt }, ...parts] : prompt },
];
export const pictureUrl = ({ picture }) => `data:image/png;base64,${picture}`;
export const reportUrl = ({ report }) => `data:application/pdf;base64,${report}`;
export const bytes = (data) => Buffer.from(data, "base64");
