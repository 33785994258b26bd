/** What the model would say if an input were another, beside what it says of the patient. */

import { el } from "./dom.js";
import { endpointLabel, ofHundred, sentence, show, t } from "./data.js";
import { NoAnswer, post } from "./api.js";
import { controls, knowsProcedure } from "./controls.js";
import * as notice from "./notice.js";
import { track } from "./risks.js";

const FEW = 5;
const PAUSE_MS = 120;

/**
 * @param {any} prediction
 * @param {Record<string, any>} patient
 * @param {() => void} again  asks for the prediction anew
 * @returns {HTMLElement}
 */
export function whatIf({ prognoses, warnings }, patient, again) {
  const body = el("tbody");
  const list = el("div", { class: "controls" });
  const state = { patient, prognoses, warnings, again, body, list, controls: [], procedure: false, timer: 0, asking: new AbortController() };
  const box = el("input", { type: "checkbox", id: "if-procedure" });
  box.addEventListener("change", () => {
    state.procedure = box.checked;
    offer(state);
  });
  list.addEventListener("input", () => soon(state));
  offer(state);
  return el(
    "section",
    { class: "card what-if no-print", "aria-labelledby": "if-title" },
    el("h3", { id: "if-title" }, t("what_if.title")),
    el("p", { class: "warned" }, el("strong", {}, t("what_if.label"))),
    el("p", { class: "hint" }, t("what_if.intro")),
    el("div", { class: "if-columns" }, el("div", {}, list, knowsProcedure(patient) ? procedure(box) : null), answers(state)),
  );
}

function procedure(box) {
  const hint = el("p", { class: "hint", id: "if-procedure-hint" }, t("what_if.procedure_hint"));
  box.setAttribute("aria-describedby", hint.id);
  return el("div", { class: "ask" }, el("label", { for: box.id }, box, ` ${t("what_if.procedure")}`), hint);
}

/** Offer the controls anew, all at the patient's own values. */
function offer(state) {
  state.controls = controls(state.patient, state.prognoses, state.procedure);
  const elements = state.controls.map(({ element }) => element);
  const more = elements.slice(FEW);
  const folded = more.length ? el("details", {}, el("summary", {}, t("what_if.more", { n: more.length })), ...more) : null;
  const none = elements.length ? null : el("p", {}, t("what_if.none"));
  state.list.replaceChildren(...[none, ...elements.slice(0, FEW), folded].filter(Boolean));
  unchanged(state);
}

function answers(state) {
  const reset = () => {
    state.controls.forEach((one) => one.reset());
    unchanged(state);
  };
  const heads = ["outcome", "now", "then", "change"].map((key) => el("th", { scope: "col" }, t(`what_if.${key}`)));
  return el(
    "div",
    { class: "if-answers" },
    el("table", {}, el("caption", { class: "unseen" }, t("what_if.label")), el("thead", {}, el("tr", {}, ...heads)), state.body),
    el("button", { type: "button", id: "if-reset", onclick: reset }, t("what_if.reset")),
  );
}

function changesOf(state) {
  const moved = state.controls.filter(({ now, value }) => now() !== value);
  return Object.fromEntries(moved.map(({ field, now }) => [field, now()]));
}

function unchanged(state) {
  state.asking.abort();
  clearTimeout(state.timer);
  const rows = state.prognoses.map(({ endpoint, risk }) => ({ endpoint, risk_before: risk, risk_after: risk }));
  fill(state, rows);
}

function soon(state) {
  clearTimeout(state.timer);
  state.asking.abort();
  state.body.classList.add("stale");
  state.timer = setTimeout(() => ask(state), PAUSE_MS);
}

async function ask(state) {
  const changes = changesOf(state);
  if (!Object.keys(changes).length) return unchanged(state);
  state.asking = new AbortController();
  const { signal } = state.asking;
  try {
    const body = { patient: state.patient, changes, procedure: state.procedure };
    const { endpoints, warnings } = await post("v1/what-if", body, signal);
    if (!sameModel(state, endpoints)) return state.again();
    fill(state, endpoints, [...state.warnings, ...warnings]);
    notice.announce(endpoints.map(spoken).join("; "));
  } catch (reason) {
    if (signal.aborted) return;
    if (!(reason instanceof NoAnswer)) throw reason;
    state.body.replaceChildren(el("tr", {}, el("td", { colspan: 4 }, reason.failures[0]?.message ?? t("status.down_title"))));
  }
}

/** Whether the model that gave the risks gave these, too: its risks before are the very same numbers. */
function sameModel({ prognoses }, rows) {
  const shown = new Map(prognoses.map(({ endpoint, risk }) => [endpoint, risk]));
  return rows.every(({ endpoint, risk_before: before }) => before === (shown.get(endpoint) ?? null));
}

function fill(state, rows, warnings = []) {
  state.body.classList.remove("stale");
  state.body.replaceChildren(...rows.map((one) => row(one, warnings)));
}

/**
 * @param {{endpoint: string, risk_before: number | null, risk_after: number | null}} answer
 * @param {{message: string}[]} warnings  before and after the change; one says why there is no risk
 */
function row({ endpoint, risk_before: before, risk_after: after }, warnings) {
  const both = before !== null && after !== null;
  const why = both ? null : warnings.find(({ message }) => message.startsWith(`no risk of ${endpoint}: `));
  return el(
    "tr",
    { "data-endpoint": endpoint },
    el("th", { scope: "row" }, endpointLabel(endpoint), both ? track(Math.min(before, after), Math.max(before, after), after) : null, why ? el("p", { class: "hint" }, sentence(why.message)) : null),
    el("td", { class: "number" }, before === null ? "\u2013" : ofHundred(before)),
    el("td", { class: "number then" }, after === null ? "\u2013" : ofHundred(after)),
    el("td", { class: "number" }, both ? difference(before, after) : "\u2013"),
  );
}

/** The change in patients of 100, of the risks themselves and not of what they were rounded to. */
function difference(before, after) {
  const change = 100 * (after - before);
  if (Math.abs(change) < 0.05) return t("what_if.same");
  return `${change > 0 ? "+" : ""}${show(Number(change.toFixed(1)))}`;
}

const spoken = ({ endpoint, risk_after: after }) =>
  t("status.risk", { label: endpointLabel(endpoint), n: after === null ? "\u2013" : ofHundred(after) });
