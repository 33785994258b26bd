/** The waterfall of one risk: from the base of the registry, input by input, to the patient. */

import { el, svg } from "./dom.js";
import { endpointLabel, labelOf, percent, show, t, valueText } from "./data.js";

const MOST_ROWS = 8;
// A change smaller than this would be printed as 0.00.
const SMALLEST = 0.005;

/** @typedef {{label: string, value: string, missing: boolean, change: number, before: number, after: number}} Row */

const risk = (logOdds) => 0.5 * (1 + Math.tanh(0.5 * logOdds));

/**
 * A table with a bar in each row, which a screen reader reads row by row.
 *
 * @param {import("./risks.js").Prognosis} prognosis
 * @param {boolean} all  whether every input has a row
 * @returns {HTMLElement}
 */
export function waterfall(prognosis, all) {
  const base = risk(prognosis.base_log_odds);
  const rows = rowsOf(prognosis, all);
  const scale = scaleOf([base, prognosis.risk, ...rows.map(({ after }) => after)]);
  const label = endpointLabel(prognosis.endpoint);
  const words = { label, base: percent(base), risk: percent(prognosis.risk) };
  return el(
    "table",
    { class: "waterfall" },
    el("caption", {}, t("why.caption", words), ...["raises", "lowers"].map(legend)),
    el("thead", {}, el("tr", {}, ...["input", "value", "effect", "log_odds", "risk"].map(heading))),
    el(
      "tbody",
      {},
      end(t("why.base"), base, scale),
      ...rows.map((row) => line(row, scale)),
      end(t("why.patient"), prognosis.risk, scale),
    ),
  );
}

/** @returns {Row[]} */
function rowsOf({ base_log_odds, contributions }, all) {
  const weighty = contributions.filter(({ log_odds }) => Math.abs(log_odds) >= SMALLEST);
  const shown = all ? contributions : weighty.length === MOST_ROWS + 1 ? weighty : weighty.slice(0, MOST_ROWS);
  let total = base_log_odds;
  const row = (label, value, missing, change) => {
    const before = risk(total);
    total += change;
    return { label, value, missing, change, before, after: risk(total) };
  };
  const rows = shown.map(({ predictor, value, log_odds }) =>
    row(labelOf(predictor), valueText(predictor, value), value === null, log_odds),
  );
  const rest = contributions.slice(shown.length);
  if (rest.length) {
    const change = rest.reduce((sum, { log_odds }) => sum + log_odds, 0);
    rows.push(row(t("why.others", { n: rest.length }), "", false, change));
  }
  return rows;
}

/** Where a risk lies between the lowest and the highest of the table, from 0 to 100. */
function scaleOf(risks) {
  const low = Math.min(...risks);
  const high = Math.max(...risks);
  const margin = 0.06 * (high - low) || 0.01;
  return (share) => (100 * (share - low + margin)) / (high - low + 2 * margin);
}

/** What a colour means; a screen reader hears it in each row. */
const legend = (direction) =>
  el(
    "span",
    { class: "legend", "aria-hidden": "true" },
    svg("svg", { viewBox: "0 0 10 10" }, svg("rect", { class: direction, width: 10, height: 10 })),
    t(`why.${direction}`),
  );

const heading = (key) => el("th", { scope: "col", class: key }, t(`why.${key}`));

/** @param {Row} row */
function line({ label, value, missing, change, before, after }, scale) {
  const direction = Math.abs(change) < SMALLEST ? "neutral" : change > 0 ? "raises" : "lowers";
  const [from, to] = [scale(before), scale(after)];
  const bar = svg("rect", {
    class: direction,
    x: Math.min(from, to).toFixed(2),
    y: 3,
    width: Math.max(Math.abs(to - from), 0.6).toFixed(2),
    height: 12,
  });
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, label),
    el("td", { class: missing ? "value missing" : "value" }, value),
    el("td", { class: "effect" }, el("span", { class: "unseen" }, t(`why.${direction}`)), drawing(bar)),
    el("td", { class: "log_odds" }, signed(change)),
    el("td", { class: "risk" }, percent(after)),
  );
}

function end(label, at, scale) {
  const mark = svg("rect", { class: "end", x: (scale(at) - 0.4).toFixed(2), y: 0, width: 0.8, height: 18 });
  return el(
    "tr",
    { class: "end" },
    el("th", { scope: "row", colspan: 2 }, label),
    el("td", { class: "effect" }, drawing(mark)),
    el("td", { class: "log_odds" }),
    el("td", { class: "risk" }, percent(at)),
  );
}

function drawing(shape) {
  return svg("svg", { viewBox: "0 0 100 18", preserveAspectRatio: "none", "aria-hidden": "true" }, shape);
}

function signed(change) {
  if (Math.abs(change) < SMALLEST) return show(0);
  const words = change.toLocaleString(document.documentElement.lang, {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
    signDisplay: "always",
  });
  return words.replace("-", "\u2212");
}
