// Tries one client of this folder: what it can do is a function of its module, by name.
// Reads the questions as JSON, one a cell of the table; prints a line of JSON for each: what came, or the error that its
// user sees. The clients are unchanged; each module uses its own as its users do.
import { called } from "./shared.mjs";

const BY = { error: "text", broken: "stream", cancel: "stream" }; // asked otherwise

async function tried(client, cell, asked) {
  const ask = { model: "auto", ...asked };
  const name = BY[cell] ?? cell;
  if (!client[name]) return { lacks: true };
  called.length = 0;
  const pieces = [];
  try {
    if (name !== "stream") return { text: await client[name](ask), called: [...called] };
    for await (const piece of client.stream(ask)) {
      pieces.push(piece);
      if (cell === "cancel" && pieces.join("")) break;
    }
  } catch (error) {
    return { error: `${error.name}: ${error.message}`, pieces };
  }
  return { pieces };
}

let given = "";
for await (const chunk of process.stdin) given += chunk;
const client = await import(`./${process.argv[2]}.mjs`);
for (const [cell, asked] of Object.entries(JSON.parse(given))) {
  console.log(JSON.stringify({ cell, ...(await tried(client, cell, asked)) }));
}
process.exit(0); // connections that a client keeps open are not waited for
