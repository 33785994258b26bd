/** The controls of "what if": a slider or a list for each input that is given. */

import { el } from "./dom.js";
import { data, labelOf, t, unitOf, valueText, withUnit } from "./data.js";

/**
 * @typedef {object} Control
 * @property {string} field  address of the value, such as `vertebrae[0].height_loss_pct`
 * @property {string} predictor
 * @property {unknown} value  the patient's own
 * @property {HTMLElement} element
 * @property {() => unknown} now  what it is set to
 * @property {() => void} reset
 */

// A level names its vertebra; another level would be another vertebra.
const LEVEL = "level";

/**
 * The controls of a patient's inputs, the weightiest first.
 *
 * @param {Record<string, any>} patient
 * @param {import("./risks.js").Prognosis[]} prognoses  their contributions tell what is weighty
 * @param {boolean} procedure  whether to offer what only the procedure tells
 * @returns {Control[]}
 */
export function controls(patient, prognoses, procedure) {
  const weight = weights(prognoses);
  return inputs(patient)
    .filter(({ predictor }) => data.predictors[predictor].used && predictor !== LEVEL && varies(predictor))
    .filter(({ predictor }) => procedure || !data.predictors[predictor].procedure)
    .sort((one, other) => (weight[other.predictor] ?? 0) - (weight[one.predictor] ?? 0))
    .map(control);
}

/** Whether it has other values: a number that never differed in development has no range to slide along. */
function varies(name) {
  const { kind, levels, slider } = data.predictors[name];
  return kind === "binary" || levels.length > 0 || slider !== null;
}

/** Whether the patient has values that only the procedure tells. @param {Record<string, any>} patient */
export const knowsProcedure = (patient) => inputs(patient).some(({ predictor }) => data.predictors[predictor].procedure);

function inputs({ vertebrae = [], ...episode }) {
  const own = Object.entries(episode).map(([name, value]) => ({ field: name, predictor: name, value, label: labelOf(name) }));
  const nested = vertebrae.flatMap((vertebra, index) =>
    Object.entries(vertebra).map(([name, value]) => ({
      field: `vertebrae[${index}].${name}`,
      predictor: name,
      value,
      label: t("problems.place", { label: labelOf(name), n: index + 1 }),
    })),
  );
  return [...own, ...nested];
}

function weights(prognoses) {
  const sums = {};
  for (const { predictor, log_odds } of prognoses.flatMap(({ contributions }) => contributions)) {
    sums[predictor] = (sums[predictor] ?? 0) + Math.abs(log_odds);
  }
  return sums;
}

function control(input) {
  return data.predictors[input.predictor].slider ? slider(input) : choice(input);
}

function slider({ field, predictor, value, label }) {
  const [low, high, step] = data.predictors[predictor].slider;
  const id = `if-${field}`;
  const limits = { min: Math.min(low, value), max: Math.max(high, value), step: finer(step, value) };
  const range = el("input", { type: "range", id, "data-field-if": field, ...limits, value });
  const shown = el("output", { for: id });
  const now = () => Number(range.value);
  const tell = () => {
    shown.textContent = withUnit(now(), unitOf(predictor));
    range.setAttribute("aria-valuetext", shown.textContent);
  };
  range.addEventListener("input", tell);
  tell();
  const own = el("span", { class: "own" }, `${t("what_if.now")}: ${withUnit(value, unitOf(predictor))}`);
  const element = el("div", { class: "control" }, el("label", { for: id }, label), shown, range, own);
  const reset = () => {
    range.value = String(value);
    tell();
  };
  return { field, predictor, value, element, now, reset };
}

/** A step on which the patient's own value lies. */
function finer(step, value) {
  const decimals = (String(value).split(".")[1] ?? "").length;
  return decimals ? Math.min(step, 10 ** -decimals) : step;
}

function choice({ field, predictor, value, label }) {
  const { kind, levels } = data.predictors[predictor];
  const options = kind === "binary" ? [true, false] : levels.map(([code]) => code);
  const id = `if-${field}`;
  const select = el(
    "select",
    { id, "data-field-if": field },
    ...options.map((one, index) => el("option", { value: index, selected: one === value }, valueText(predictor, one))),
  );
  const now = () => options[Number(select.value)];
  const reset = () => {
    select.value = String(options.indexOf(value));
  };
  const own = el("span", { class: "own" }, `${t("what_if.now")}: ${valueText(predictor, value)}`);
  const element = el("div", { class: "control" }, el("label", { for: id }, label), select, own);
  return { field, predictor, value, element, now, reset };
}
