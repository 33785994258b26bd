/** The form: what was typed, read into a patient, with each problem at its field. */

import { byId, el, reveal } from "./dom.js";
import { data, labelOf, t } from "./data.js";
import { inWords, read } from "./rules.js";
import * as vertebrae from "./vertebrae.js";

/** @typedef {{name: string, vertebra: number | null, element: HTMLElement}} Field */
/** @typedef {{field: Field, message: string, wrong: boolean}} Problem */

const VERTEBRA = /^vertebrae\.(\d+)\./;
const form = () => byId("patient");

/** Every field of the form; `vertebra` is a position in `vertebrae.list()`. @returns {Field[]} */
export function fields() {
  const position = new Map(vertebrae.list().map(({ id }, index) => [String(id), index]));
  return [...form().querySelectorAll("[data-field]")].map((element) => ({
    name: element.dataset.field,
    vertebra: position.get(element.closest("[data-vertebra-id]")?.dataset.vertebraId) ?? null,
    element,
  }));
}

/** What was typed or chosen. @param {Field} field */
export function rawOf({ element }) {
  const chosen = element.querySelector("input[type=text], select, input:checked");
  return chosen ? chosen.value : "";
}

/** Type or choose a value. @param {Field} field @param {string} raw @returns {boolean} whether it could be shown */
export function setRaw({ element }, raw) {
  const typed = element.querySelector("input[type=text]");
  if (typed) typed.value = raw;
  const select = element.querySelector("select");
  if (select) select.value = raw;
  const radios = [...element.querySelectorAll("input[type=radio]")];
  for (const radio of radios) radio.checked = radio.value === raw;
  if (select && select.selectedIndex < 0) select.value = "";
  if (radios.length && !radios.some((radio) => radio.checked)) radios.at(-1).checked = true;
  if (raw) reveal(element);
  return typed !== null || rawOf({ element }) === raw;
}

/**
 * Read the form.
 *
 * @returns {{patient: Record<string, any>, sent: number[], problems: Problem[], empty: boolean}}
 *   `sent` says which vertebra of the form each vertebra of the patient is: empty ones are left out
 */
export function readForm() {
  /** @type {Record<string, any>} */
  const patient = {};
  const nested = vertebrae.list().map(() => ({}));
  const problems = [];
  for (const field of fields()) {
    const { value, problem, wrong } = read(field.name, rawOf(field));
    if (problem) problems.push({ field, message: problem, wrong });
    const owner = field.vertebra === null ? patient : nested[field.vertebra];
    if (value !== null) owner[field.name] = value;
  }
  problems.push(...repeated(nested));
  const sent = nested.flatMap((one, index) => (Object.keys(one).length ? [index] : []));
  if (sent.length) patient.vertebrae = sent.map((index) => nested[index]);
  return { patient, sent, problems, empty: Object.keys(patient).length === 0 };
}

function repeated(nested) {
  const seen = new Set();
  const twice = nested.flatMap(({ level }, index) => {
    if (level === undefined || !seen.has(level)) return (seen.add(level), []);
    return [index];
  });
  return fields()
    .filter(({ name, vertebra }) => name === "level" && twice.includes(vertebra))
    .map((field) => ({ field, message: t("problems.repeated", { level: rawOf(field) }), wrong: true }));
}

/** Show problems at their fields, and no others. @param {Problem[]} problems */
export function showProblems(problems) {
  const byElement = new Map(problems.map((problem) => [problem.field.element, problem]));
  for (const { element } of fields()) {
    const problem = byElement.get(element);
    const line = element.querySelector(".problem");
    const text = problem?.message ?? "";
    if (line.textContent !== text) line.textContent = text;
    line.hidden = !problem;
    element.classList.toggle("wrong", problem?.wrong === true);
    element.classList.toggle("unusual", problem?.wrong === false);
    for (const input of element.querySelectorAll("input[type=text], select")) {
      if (problem?.wrong) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }
  if (!problems.some(({ wrong }) => wrong)) byId("problems").hidden = true;
}

/** List the errors above the form and move the focus there. @param {Problem[]} problems */
export function summarise(problems) {
  const errors = problems.filter(({ wrong }) => wrong);
  const box = byId("problems");
  const key = errors.length === 1 ? "problems.title_one" : "problems.title";
  byId("problems-title").textContent = t(key, { n: errors.length });
  box.querySelector("ul").replaceChildren(...errors.map(summaryLine));
  box.hidden = false;
  box.focus();
}

function summaryLine({ field, message }) {
  const go = (event) => {
    event.preventDefault();
    reveal(field.element);
    inputOf(field).focus();
  };
  return el("li", {}, el("a", { href: `#${field.element.id}`, onclick: go }, `${place(field)}: ${message}`));
}

const inputOf = ({ element }) => element.querySelector("input:checked, input[type=text], select");

function place({ name, vertebra }) {
  const label = labelOf(name);
  return vertebra === null ? label : t("problems.place", { label, n: vertebra + 1 });
}

/**
 * Find the fields of failures the server named.
 *
 * @param {{column: string, rule: string, message: string, vertebra: number | null}[]} failures
 * @param {number[]} sent  see `readForm`
 * @returns {{problems: Problem[], others: string[]}}  others belong to no field
 */
export function placeFailures(failures, sent) {
  const all = fields();
  const problems = [];
  const others = [];
  for (const failure of failures) {
    const vertebra = failure.vertebra === null ? null : sent[failure.vertebra];
    const field = all.find((one) => one.name === failure.column && matches(one.vertebra, vertebra));
    if (field) problems.push({ field, message: inWords(failure), wrong: true });
    else others.push(inWords(failure));
  }
  return { problems, others };
}

// A failure that names no vertebra, such as a level given twice, goes to the first field of its name.
const matches = (own, named) => named === null || own === named;

/** What is on the form, as pairs of place and raw value; empty fields are left out. @returns {[string, string][]} */
export function entries() {
  return fields()
    .map((field) => [pathOf(field), rawOf(field).trim()])
    .filter(([, raw]) => raw !== "");
}

/** What is given, as label, predictor and value. @returns {[string, string, unknown][]} */
export function given() {
  return fields()
    .map((field) => ({ field, value: read(field.name, rawOf(field)).value }))
    .filter(({ value }) => value !== null)
    .map(({ field, value }) => [place(field), field.name, value]);
}

const pathOf = ({ name, vertebra }) => (vertebra === null ? name : `vertebrae.${vertebra}.${name}`);

/** Fill the form with pairs as `entries` gives them. @param {[string, string][]} pairs @returns {string[]} places there are none of */
export function fillIn(pairs) {
  const named = pairs.map(([path]) => VERTEBRA.exec(path)?.[1]).filter((n) => n !== undefined);
  const places = [...new Set(named)].sort((one, other) => one - other);
  const least = Math.min(1, vertebrae.list().length);
  vertebrae.resize(Math.min(Math.max(least, places.length), levelsKnown()));
  // Vertebrae of which nothing is given leave no empty place.
  const closed = (path) => path.replace(VERTEBRA, (_, n) => `vertebrae.${places.indexOf(n)}.`);
  const wanted = new Map(pairs.map(([path, raw]) => [closed(path), raw]));
  for (const field of fields()) {
    const path = pathOf(field);
    if (setRaw(field, wanted.get(path) ?? "")) wanted.delete(path);
  }
  vertebrae.renumber();
  return [...wanted.keys()];
}

const levelsKnown = () => (vertebrae.possible() ? (data.predictors.level?.levels.length ?? 1) : 0);
