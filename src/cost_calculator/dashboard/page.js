"use strict";
// The page: reads its data, listens to the filters, shows the sums. All names and causes are text.

const $ = (id) => document.getElementById(id);
const tile = (id, part) => $(id).querySelector(part);

async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function options(select, all, names) {
  select.append(new Option(all, ""), ...names.map((name, place) => new Option(name, String(place + 1))));
}

function chosen(select) {
  return select.value === "" ? null : select.selectedOptions[0].text;
}

// Vega's own level: an empty chart is no reason for a warning.
const ERRORS_ONLY = 1;

function table(id, headings, rows, caption) {
  const made = $(id);
  made.replaceChildren();
  made.createCaption().textContent = caption;
  const head = made.createTHead().insertRow();
  for (const { title, number } of headings) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    cell.className = number ? "number" : "";
    head.append(cell);
  }
  const body = made.createTBody();
  for (const values of rows) {
    const line = body.insertRow();
    values.forEach((value, place) => {
      const cell = place ? line.insertCell() : line.appendChild(document.createElement("th"));
      if (!place) cell.scope = "row";
      cell.className = headings[place].number ? "number" : "";
      cell.textContent = value;
    });
  }
}

// One column for each figure: its title, and how it is read from the sums.
const columns = [
  ["requests", (s) => count(s.count("requests"))],
  ["failed", (s) => count(s.count("failures"))],
  ["attempts", (s) => count(s.count("attempts"))],
  ["models", (s) => (s.nothingPriced ? "not known" : dollars(s.usd("cost_usd")))],
  ["workflow", (s) => dollars(s.usd("overhead_usd"))],
  ["baseline", (s) => (s.nothingPriced ? "not known" : dollars(s.usd("baseline_usd")))],
  ["net savings", (s) => (s.nothingPriced ? "not known" : dollars(s.net))],
  ["not priced", (s) => count(s.count("unpriced") + s.count("unknown") + s.count("invalid_usage"))],
];
const feedback = [
  ["good", (s) => count(s.count("feedback_good"))],
  ["bad", (s) => count(s.count("feedback_bad"))],
  ["share good", (s) => percent(BigInt(s.count("feedback_good")), BigInt(s.count("feedback_good") + s.count("feedback_bad")))],
];

function groups(id, of, found, order, caption) {
  const judged = id !== "table-days" && (found.total.count("feedback_good") || found.total.count("feedback_bad"));
  const shown = judged ? [...columns, ...feedback] : columns;
  const lines = [...order, ["all", found.total]];
  table(
    id,
    [{ title: of }, ...shown.map(([title]) => ({ title, number: true }))],
    lines.map(([name, sums]) => [name, ...shown.map(([, read]) => read(sums))]),
    caption,
  );
}

const dearestFirst = (groups) => [...groups].sort(([a, x], [b, y]) => (x.total === y.total ? (a < b ? -1 : 1) : x.total < y.total ? 1 : -1));

function showTiles(data, found, filters) {
  const { total } = found;
  const known = !total.nothingPriced;
  tile("spent", ".figure").textContent = known ? dollars(total.total) : "not known";
  tile("spent", ".note").textContent = `${known ? dollars(total.usd("cost_usd")) : "not known"} for models, ${dollars(total.usd("overhead_usd"))} for workflow and Lambda (estimated)`;
  tile("saved", ".figure").textContent = known ? dollars(total.net) : "not known";
  tile("saved", ".note").textContent = `${percent(total.net, total.usd("baseline_usd"))} of the baseline's ${dollars(total.usd("baseline_usd"))}; classifier and workflow subtracted`;
  $("saved").classList.toggle("alarm", total.net < 0n);
  tile("requests", ".figure").textContent = count(total.count("requests"));
  tile("requests", ".note").textContent = `${count(total.count("failures"))} failed, ${count(total.count("refusals"))} refused; ${count(total.count("attempts"))} attempts, ${count(total.count("retries"))} sent again`;
  showUnknown(data, total, filters);
  $("sentence").textContent = savingsInWords(total, data.gaps);
  const requests = BigInt(total.count("requests"));
  $("breakeven").textContent = requests > 0n && known
    ? `Break-even: workflow and Lambda take ${dollars(divide(total.usd("overhead_usd"), requests))} a request; routing pays where a request's models save more than that. They saved ${dollars(divide(total.usd("baseline_usd") - total.usd("cost_usd"), requests))}. Not in it is what is paid whatever the volume: at most $${data.fixed_month_usd} a month.`
    : "";
}

function showUnknown(data, total, filters) {
  const waiting = data.pending.filter((row) => passes(filters, row.day, row.tenant, row.model)).reduce((sum, row) => sum + row.count, 0);
  const atMost = total.usd("upper_estimate_usd");
  const kinds = [
    ["UNPRICED", total.count("unpriced"), data.gaps.unpriced],
    ["UNKNOWN", total.count("unknown"), data.gaps.unknown + (atMost ? `: at most ${dollars(atMost)}` : "")],
    ["INVALID_USAGE", total.count("invalid_usage"), data.gaps.invalid_usage],
    ["PENDING", waiting, "rows that wait for their price" + (data.pending_more ? "; there are more than these" : "")],
    ["no baseline", total.count("baseline_unpriced"), data.gaps.baseline_unpriced],
  ];
  const sum = kinds.reduce((all, [, number]) => all + number, 0);
  tile("unknown", ".figure").textContent = count(sum) + (data.pending_more ? " or more" : "");
  $("unknown").classList.toggle("alarm", sum > 0);
  const none = kinds.filter(([, number]) => !number).map(([name]) => `0 ${name}`);
  const some = kinds.filter(([, number]) => number).map(([name, number, meaning]) => `${count(number)} ${name}: ${meaning}`);
  tile("unknown", ".note").replaceChildren(...[...some, none.join(", ")].filter(Boolean).map((words) => {
    const line = document.createElement("li");
    line.textContent = words;
    return line;
  }));
}

function showBudgets(data, filters) {
  const shown = data.budgets.filter((budget) => filters.tenant === null || budget.tenant === filters.tenant || budget.tenant === "*");
  $("budgets").replaceChildren(...shown.map((budget, place) => {
    const line = document.createElement("p"), words = document.createElement("span"), bar = document.createElement("meter");
    const [limit, committed, reserved] = [budget.limit_usd, budget.committed_usd, budget.reserved_usd].map(Number);
    words.id = `budget-${place}`;
    const share = limit ? `${((100 * committed) / limit).toFixed(1)}%` : "no money allowed";
    words.textContent = `${budget.tenant === "*" ? "all together" : budget.tenant}, ${budget.period}: $${budget.committed_usd} of $${budget.limit_usd}` + (reserved ? `, $${budget.reserved_usd} of it reserved` : "") + ` (${share})`;
    bar.setAttribute("aria-labelledby", words.id);
    Object.assign(bar, { min: 0, max: limit || 1, high: 0.8 * limit, optimum: 0, value: limit ? committed : 1 });
    line.className = "budget";
    line.append(words, bar);
    return line;
  }));
}

function showTokens(data, total) {
  const of = (name) => total.count(`${name}_tokens`);
  const input = data.token_classes.filter((name) => name !== "output").reduce((sum, name) => sum + of(name), 0);
  const hits = total.count("cache_hits");
  $("cache").textContent = `${percent(BigInt(of("cache_read")), BigInt(input))} of input tokens came from a provider's prompt cache.`
    + (hits ? ` ${count(hits)} answers came from the exact cache, at no cost of a model.` : "");
  const beside = { "calls of tools": "tool_calls", pictures: "images", documents: "documents" };
  const counted = Object.entries(beside).filter(([, name]) => total.count(name)).map(([words, name]) => `${count(total.count(name))} ${words}`);
  $("beside").textContent = counted.length ? `Beside text: ${counted.join(", ")}; files count with each request that sends them.` : "";
  return data.token_classes.map((name) => ({ label: TOKEN_NAMES[name] ?? name, count: of(name), figure: count(of(name)) }));
}

// Their sums are of all models and of the page's days together: the tenant alone filters them.
function showSessions(data, filters) {
  const { rows, found, complete_since: since } = data.sessions;
  $("sessions").hidden = rows.length === 0;
  const shown = rows.filter((row) => filters.tenant === null || row.tenant === filters.tenant);
  $("sessions-note").textContent = `${count(shown.length)} of ${count(found)} sessions, over ${since ? `the days since ${since}` : "all days of the page"}, whatever dates and model are chosen.`;
  table(
    "table-sessions",
    [...["session", "tenant"].map((title) => ({ title })), ...["requests", "attempts", "models", "total", "not priced"].map((title) => ({ title, number: true }))],
    shown.map((row) => [row.session, row.tenant, count(row.requests), count(row.attempts), ...[row.models_usd, row.total_usd].map((usd) => (usd === null ? "not known" : `$${usd}`)), count(row.not_priced)]),
    "Sessions, by what they cost in US dollars",
  );
}

function showFailures(data, filters) {
  const { rows, looked_at: lookedAt, complete_since: since } = data.failures;
  const shown = rows.filter((row) => passes(filters, row.accepted_at.slice(0, 10), row.tenant, row.planned_model ?? "none"));
  $("failures-note").textContent = (shown.length ? "" : "None. ") + (since
    ? `The latest ${count(lookedAt)} requests were looked at; complete since ${since.slice(0, 19)}Z.`
    : `All ${count(lookedAt)} requests of the page's days were looked at.`);
  table(
    "table-failures",
    ["accepted", "request", "tenant", "tier", "model asked", "status", "cause"].map((title) => ({ title })),
    shown.map((row) => [row.accepted_at.slice(0, 19) + "Z", row.request_id, row.tenant, row.route ?? "", row.planned_model ?? "", row.status, row.cause ?? ""]),
    "Failed requests, the newest first",
  );
}

function histogram(data, total) {
  let below = "0";
  return data.histogram.map((name) => {
    const bound = name.slice("cost_le_".length);
    const dollarsOf = (micros) => `$${Number(micros) / 1e6}`;
    const label = bound === "inf" ? `over ${dollarsOf(below)}` : `to ${dollarsOf(bound)}`;
    below = bound;
    return { label, count: total.count(name), figure: count(total.count(name)) };
  });
}

// Models that cost something; a colour belongs to a model, whatever is filtered.
function paid(data) {
  const places = new Set(data.cells.model.filter((_, row) => data.sums.cost_usd?.[row]));
  return data.models.filter((_, place) => places.has(place));
}

// What each chart shows: rows by the name of its data.
function chartRows(data, found, filters) {
  const inRange = data.days.filter((day) => day >= filters.from && day <= filters.to);
  const money = (value) => ({ usd: approximately(value), figure: dollars(value) });
  const of = (day) => found.day.get(day) ?? new Sums();
  const models = paid(data).map((model, order) => inRange.map((day) => ({ day, series: model, order, ...money(found.dayModel.get(`${day} ${model}`)?.usd("cost_usd") ?? 0n) })));
  return {
    spend: [...models.flat().filter((row) => row.usd), ...inRange.map((day) => ({ day, series: OVERHEAD, order: models.length, ...money(of(day).usd("overhead_usd")) }))],
    baseline: inRange.map((day) => ({ day, series: BASELINE, ...money(of(day).usd("baseline_usd")) })),
    net: inRange.map((day) => ({ day, ...money(of(day).net) })),
    tokens: showTokens(data, found.total),
    cost: histogram(data, found.total),
  };
}

async function drawCharts(data) {
  const colors = theme();
  const specs = {
    days: spendByDay(colors, paid(data)), net: netByDay(colors),
    tokens: bars(colors, "tokens", "Tokens by class", "tokens", data.token_classes.length), cost: bars(colors, "cost", "Attempts by what they cost", "attempts", data.histogram.length),
  };
  const drawn = await Promise.all(Object.entries(specs).map(([name, spec]) => vegaEmbed(`#chart-${name}`, spec, { renderer: "svg", actions: false, logLevel: ERRORS_ONLY })));
  return drawn.map((chart) => chart.view);
}

// A week, or as far back as there is something to see.
function firstShown(data) {
  const used = Math.min(...data.cells.day, data.days.length - 7);
  return data.days[Math.max(0, used)];
}

async function start() {
  const data = readDocument(await unpack($("data").textContent));
  $("source").textContent = `${data.source}, as of ${data.at.slice(0, 19)}Z`;
  options($("tenant"), "all tenants", data.tenants);
  options($("model"), "all models", data.models);
  for (const [id, day] of [["from", firstShown(data)], ["to", data.days.at(-1)]]) {
    Object.assign($(id), { defaultValue: day, value: day, min: data.days[0], max: data.days.at(-1) });
  }
  let views = await drawCharts(data);

  async function show() {
    const filters = { from: $("from").value || data.days[0], to: $("to").value || data.days.at(-1), tenant: chosen($("tenant")), model: chosen($("model")) };
    const found = addUp(data, filters);
    $("shown").textContent = filters.from > filters.to
      ? "The first day is after the last: nothing can be shown."
      : `${filters.from} to ${filters.to}, ${filters.tenant ?? "all tenants"}, ${filters.model ?? "all models"}: ${count(found.total.count("requests"))} requests`;
    showTiles(data, found, filters);
    showBudgets(data, filters);
    groups("table-days", "day", found, [...found.day].sort(), "Figures of each day, in US dollars");
    groups("table-tenants", "tenant", found, dearestFirst(found.tenant), "Figures of each tenant, in US dollars");
    groups("table-models", "model", found, dearestFirst(found.model), "Figures of each model that served, in US dollars");
    groups("table-tiers", "tier", found, dearestFirst(found.tier), "Figures of each tier, in US dollars");
    // Requests outside of any workflow are one line: a section with this line alone tells nothing.
    $("workflows").hidden = data.workflows.every((name) => name === "none");
    groups("table-workflows", "workflow", found, dearestFirst(found.workflow), "Figures of each workflow, in US dollars");
    showSessions(data, filters);
    showFailures(data, filters);
    const rows = chartRows(data, found, filters);
    await Promise.all(views.map((view) => {
      for (const [name, values] of Object.entries(rows)) {
        if (name in view.getState({ data: () => true, signals: () => false }).data) view.data(name, values);
      }
      return view.resize().runAsync(); // a legend may need another line
    }));
    document.body.dataset.ready = String(Number(document.body.dataset.ready ?? 0) + 1);
  }

  $("filters").addEventListener("input", show);
  $("filters").addEventListener("reset", () => setTimeout(show));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", async () => {
    views.forEach((view) => view.finalize());
    views = await drawCharts(data);
    await show();
  });
  await show();
}

start();
