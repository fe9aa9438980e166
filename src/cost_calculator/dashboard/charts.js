"use strict";
// The charts, in Vega-Lite. Each shows the rows of its named data; their figures stand in tables.

const OVERHEAD = "workflow and Lambda (estimated)";
const BASELINE = "all on the COMPLEX model";
const TOKEN_NAMES = {
  input: "input", cache_read: "cache read", cache_write_5m: "cache write, 5 min", cache_write_1h: "cache write, 1 h", output: "output",
};

// Colours of a theme are the page's own: its style sheet is their one source.
function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read("--ink"), soft: read("--soft"), line: read("--line"), good: read("--good"), bad: read("--bad"),
    series: Array.from({ length: 8 }, (_, n) => read(`--series-${n}`)),
  };
}

function shared(colors, description, height) {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description, width: "container", height, background: "transparent",
    autosize: { type: "fit-x", contains: "padding" },
    config: {
      font: "system-ui, sans-serif", view: { stroke: null },
      axis: { labelColor: colors.soft, titleColor: colors.soft, gridColor: colors.line, domainColor: colors.line, tickColor: colors.line, labelFontSize: 12, titleFontSize: 12 },
      legend: { labelColor: colors.ink, labelFontSize: 12, orient: "bottom", columns: { signal: "max(1, floor(width / 260))" }, title: null, labelLimit: 240 },
    },
  };
}

const days = { field: "day", type: "ordinal", title: null, axis: { labelExpr: "utcFormat(toDate(datum.value), '%d %b')", labelOverlap: "greedy", labelAngle: 0, labelSeparation: 12 } };
const axisOfMoney = { title: "US dollars", format: "$,.3~r", tickCount: 5 };

function spendByDay(colors, models) {
  const names = [...models, OVERHEAD, BASELINE];
  const range = [...models.map((_, n) => colors.series[n % colors.series.length]), colors.soft, colors.ink];
  const color = { field: "series", type: "nominal", scale: { domain: names, range } };
  return {
    ...shared(colors, "Spend by day, stacked by model, against the baseline", 280),
    layer: [
      {
        data: { name: "spend" }, mark: { type: "bar" },
        encoding: {
          x: days, y: { field: "usd", type: "quantitative", stack: "zero", axis: axisOfMoney }, color,
          order: { field: "order" },
          tooltip: [{ field: "day", title: "day" }, { field: "series", title: "of" }, { field: "figure", title: "cost" }],
        },
      },
      {
        data: { name: "baseline" }, mark: { type: "line", point: { size: 40 }, strokeDash: [5, 3], strokeWidth: 2 },
        encoding: {
          x: days, y: { field: "usd", type: "quantitative" }, color,
          tooltip: [{ field: "day", title: "day" }, { field: "series", title: "of" }, { field: "figure", title: "would cost" }],
        },
      },
    ],
  };
}

function netByDay(colors) {
  return {
    ...shared(colors, "Net savings by day", 160),
    data: { name: "net" }, mark: "bar",
    encoding: {
      x: days, y: { field: "usd", type: "quantitative", axis: axisOfMoney },
      color: { condition: { test: "datum.usd < 0", value: colors.bad }, value: colors.good },
      tooltip: [{ field: "day", title: "day" }, { field: "figure", title: "net savings" }],
    },
  };
}

function bars(colors, name, title, label, number) {
  return {
    ...shared(colors, title, 28 * number),
    data: { name }, mark: { type: "bar", color: colors.series[0] },
    encoding: {
      y: { field: "label", type: "ordinal", sort: null, title: null, axis: { labelLimit: 160 } },
      x: { field: "count", type: "quantitative", title: label, axis: { format: "~s", tickCount: 4 } },
      tooltip: [{ field: "label", title: " " }, { field: "figure", title: label }],
    },
  };
}
