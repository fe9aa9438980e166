"use strict";
// Filters the cells and adds them up: money as BigInt, counts as numbers.

class Sums {
  constructor() { this.of = new Map(); }
  add(name, value) { if (value) this.of.set(name, (this.of.get(name) ?? (typeof value === "bigint" ? 0n : 0)) + value); }
  usd(name) { return this.of.get(name) ?? 0n; }
  count(name) { return this.of.get(name) ?? 0; }
  get total() { return this.usd("cost_usd") + this.usd("overhead_usd"); }
  get net() { return this.usd("baseline_usd") - this.total; }
  // There were calls, and the cost of not one is known: then no sum of money is 0.
  get nothingPriced() {
    const gaps = this.count("unpriced") + this.count("unknown") + this.count("invalid_usage");
    return gaps > 0 && gaps === this.count("attempts");
  }
}

function readDocument(document) {
  SCALE = document.scale;
  for (const [name, column] of Object.entries(document.sums)) {
    if (name.endsWith("_usd")) document.sums[name] = column.map(BigInt);
  }
  return document;
}

// One pass over the cells that the filters leave; a group for each day, tenant, model, tier and workflow.
function addUp(document, filters) {
  const { day, tenant, model, tier, workflow } = document.cells;
  const columns = Object.entries(document.sums);
  const found = { total: new Sums(), day: new Map(), tenant: new Map(), model: new Map(), tier: new Map(), workflow: new Map(), dayModel: new Map() };
  const group = (groups, key) => groups.get(key) ?? groups.set(key, new Sums()).get(key);
  for (let row = 0; row < day.length; row += 1) {
    const date = document.days[day[row]];
    const names = { tenant: document.tenants[tenant[row]], model: document.models[model[row]], tier: document.tiers[tier[row]], workflow: document.workflows[workflow[row]] };
    if (!passes(filters, date, names.tenant, names.model)) continue;
    const groups = [
      found.total, group(found.day, date), group(found.tenant, names.tenant),
      group(found.model, names.model), group(found.tier, names.tier), group(found.workflow, names.workflow),
    ];
    for (const [name, column] of columns) {
      const value = column[row];
      if (value) for (const sums of groups) sums.add(name, value);
    }
    if (document.sums.cost_usd) group(found.dayModel, `${date} ${names.model}`).add("cost_usd", document.sums.cost_usd[row]);
  }
  return found;
}

function passes(filters, date, tenant, model) {
  return date >= filters.from && date <= filters.to
    && (filters.tenant === null || filters.tenant === tenant)
    && (filters.model === null || filters.model === model);
}

// The sentence of `cost_calculator report`, word for word.
function savingsInWords(total, gaps) {
  if (!total.count("attempts")) return "Nothing was priced in this time.";
  const baseline = total.usd("baseline_usd"), net = total.net;
  const plain = (value) => dollars(value).replaceAll(",", "").replace("−", "");
  const against = `against ${plain(baseline)} for the same tokens on the COMPLEX tier's model`;
  let words = `Routing neither saved nor lost anything, ${against}.`;
  if (net > 0n) words = `Routing saved ${plain(net)} net (${percent(net, baseline)}) ${against}.`;
  if (net < 0n) words = `Routing LOST ${plain(net)}: models and overhead cost more than they saved, ${against}. \`faregate breakeven --last 30d\` says what to change.`;
  const leftOut = Object.keys(gaps).filter((name) => total.count(name)).map((name) => `${total.count(name)} ${name.replaceAll("_", " ")}`);
  if (total.count("cache_hits")) words += ` ${total.count("cache_hits")} answers came out of the cache.`;
  return words + (leftOut.length ? ` Not in this figure: ${leftOut.join(", ")} attempts.` : "");
}
