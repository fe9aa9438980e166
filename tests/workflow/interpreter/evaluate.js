// Evaluates the expressions that come line by line on standard input, with the reference JSONata and
// the functions that Step Functions adds to it; answers each with one line.
"use strict";

const crypto = require("crypto");
const readline = require("readline");
const jsonata = require("./jsonata-2.0.6.min.js");

const ALGORITHMS = { MD5: "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };

// Step Functions: $partition, $range, $hash, $random with a seed, $uuid and $parse; $eval does not exist.
const FUNCTIONS = {
  partition: (array, size) => {
    const parts = [];
    for (let at = 0; at < array.length; at += size) parts.push(array.slice(at, at + size));
    return parts;
  },
  range: (first, last, step) => {
    const numbers = [];
    for (let it = first; step > 0 ? it <= last : it >= last; it += step) numbers.push(it);
    return numbers;
  },
  hash: (text, algorithm) => {
    if (!(algorithm in ALGORITHMS)) throw new Error(`$hash does not know ${algorithm}`);
    return crypto.createHash(ALGORITHMS[algorithm]).update(String(text), "utf8").digest("hex");
  },
  random: (seed) => (seed === undefined ? Math.random() : ((seed * 9301 + 49297) % 233280) / 233280),
  uuid: () => crypto.randomUUID(),
  parse: (text) => JSON.parse(text),
  eval: undefined,
};

const parsed = new Map();

function prepared(expression) {
  if (!parsed.has(expression)) parsed.set(expression, jsonata(expression));
  return parsed.get(expression);
}

async function answer({ expression, variables }) {
  try {
    const value = await prepared(expression).evaluate(undefined, { ...FUNCTIONS, ...variables });
    if (value === undefined) return { undefined: true };
    if (typeof value === "function" || (value && (value._jsonata_lambda || value._jsonata_function))) {
      return { error: "the expression returned a function" };
    }
    return { value };
  } catch (error) {
    return { error: `${error.code ? `${error.code}: ` : ""}${error.message}` };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
})();
