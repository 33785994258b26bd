/** The risks at a glance: a tile for each endpoint. */

import { el, svg } from "./dom.js";
import { endpointLabel, labelOf, ofHundred, percent, sentence, t } from "./data.js";
import { iconArray } from "./icons.js";

// Warnings whose words name the input they are about.
const NAMED = new Set(["outside_development"]);

/**
 * @typedef {object} Prognosis
 * @property {string} endpoint
 * @property {string} definition
 * @property {number | null} horizon_days
 * @property {"preprocedure" | "postprocedure"} prediction_time
 * @property {number} risk
 * @property {[number, number] | null} instability_interval
 * @property {number} instability_level
 * @property {number} base_log_odds
 * @property {{predictor: string, concept: string, value: unknown, log_odds: number}[]} contributions
 */

/** @param {{prognoses: Prognosis[], warnings: any[]}} prediction @returns {HTMLElement[]} */
export function risks({ prognoses, warnings }) {
  const none = el("p", { class: "card" }, t("risks.none_title"));
  const tiles = prognoses.length ? el("div", { class: "tiles" }, ...prognoses.map(tile)) : none;
  // The banner says it louder; where there is none, the mark must not be lost with it.
  const banner = document.getElementById("simulated") !== null;
  const remarks = warnings.filter(({ code }) => !(banner && code === "trained_on_simulated"));
  return [tiles, ...(remarks.length ? [notes(remarks)] : [])];
}

/** The risks in one sentence, for a screen reader. @param {Prognosis[]} prognoses */
export function spoken(prognoses) {
  return prognoses
    .map(({ endpoint, risk }) => t("status.risk", { label: endpointLabel(endpoint), n: ofHundred(risk) }))
    .join("; ");
}

/** @param {Prognosis} prognosis */
function tile(prognosis) {
  const { endpoint, risk } = prognosis;
  const id = `risk-${endpoint}`;
  return el(
    "article",
    { class: "card tile", "aria-labelledby": id, "data-endpoint": endpoint },
    el("h3", { id }, endpointLabel(endpoint)),
    el("p", { class: "when" }, `${horizon(prognosis)}, ${t(`risks.${prognosis.prediction_time}`)}`),
    el(
      "div",
      { class: "frequency" },
      iconArray(risk),
      el(
        "div",
        {},
        el("p", { class: "of-100" }, el("strong", {}, ofHundred(risk)), ` ${t("risks.of_100")}`),
        el("p", { class: "percent" }, t("risks.rest", { n: others(risk), risk: percent(risk) })),
      ),
    ),
    ...interval(prognosis),
    definition(prognosis.definition),
  );
}

/** The others of a hundred, so that both add up. */
function others(risk) {
  const n = Math.round(100 * risk);
  return n === 0 || n === 100 ? ofHundred(1 - risk) : 100 - n;
}

/** What counts; in whom and how, which is always the same, folds away. @param {string} words */
function definition(words) {
  const [rule, ...others] = words.split("; ");
  const rest = others.length ? el("details", {}, el("summary", {}, t("risks.more")), el("p", {}, sentence(others.join("; ")))) : null;
  return el("div", { class: "definition" }, el("p", {}, el("b", {}, t("risks.definition")), ` ${sentence(rule)}`), rest);
}

function horizon({ horizon_days: n }) {
  if (n === null) return t("risks.no_horizon");
  return t(n === 1 ? "risks.day" : "risks.days", { n });
}

function interval({ risk, instability_interval: limits, instability_level: level }) {
  if (!limits) return [el("p", { class: "interval" }, t("risks.no_interval"))];
  const [low, high] = limits;
  const words = { low: ofHundred(low), high: ofHundred(high) };
  const shown = el("b", {}, t("risks.interval", words));
  const label = t("risks.interval_label", { level: Math.round(100 * level) });
  // Of the numbers as they are shown: nobody wonders at 79 beside 72 to 79.
  const beyond = (risk < low || risk > high) && !Object.values(words).includes(ofHundred(risk));
  const outside = beyond ? ` ${t("risks.outside")}` : "";
  return [track(low, high, risk), el("p", { class: "interval" }, shown, ` ${label}${outside}`)];
}

/** A line from 0 to 100 with a band and a mark; the words beside it say the same. */
export function track(low, high, mark) {
  const at = (share) => (100 * share).toFixed(2);
  return svg(
    "svg",
    { class: "track", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "axis", x: 0, y: 4, width: 100, height: 2 }),
    svg("rect", { class: "band", x: at(low), y: 2, width: at(Math.max(high - low, 0.004)), height: 6 }),
    svg("rect", { class: "mark", x: Math.min(99.2, Number(at(mark)) - 0.4), y: 0, width: 0.8, height: 10 }),
  );
}

function notes(remarks) {
  const line = ({ code, predictor, message }) =>
    el("li", {}, predictor && !NAMED.has(code) ? `${labelOf(predictor)}: ${message}` : sentence(message));
  return el("div", { class: "card notes" }, el("h3", {}, t("risks.remarks")), el("ul", {}, ...remarks.map(line)));
}
