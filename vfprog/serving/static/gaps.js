/** What is worth measuring: the inputs not given, by how far they could move the risks. */

import { el } from "./dom.js";
import { endpointLabel, labelOf, ofHundred, t } from "./data.js";
import { track } from "./risks.js";

const FEW = 6;

/** @typedef {{predictor: string, lowest_risk: number, highest_risk: number}} Gap */

/** @param {{endpoint: string, risk: number, gaps: Gap[]}[]} prognoses @returns {HTMLElement[]} */
export function gaps(prognoses) {
  const title = el("h4", {}, t("trust.gaps"));
  const names = ranked(prognoses);
  if (!names.length) return [title, el("p", { class: "hint" }, t("trust.gaps_none"))];
  const intro = el("p", { class: "hint" }, t("trust.gaps_intro"));
  const rows = names.map((name) => row(name, prognoses));
  return [title, intro, table(rows, prognoses), ...folding(rows)];
}

/** Inputs by the widest of their spreads. */
function ranked(prognoses) {
  const widest = new Map();
  for (const { gaps: found } of prognoses) {
    for (const { predictor, lowest_risk: low, highest_risk: high } of found) {
      widest.set(predictor, Math.max(high - low, widest.get(predictor) ?? 0));
    }
  }
  return [...widest.keys()].sort((one, other) => widest.get(other) - widest.get(one));
}

function table(rows, prognoses) {
  const heads = prognoses.map(({ endpoint }) => el("th", { scope: "col" }, endpointLabel(endpoint)));
  return el(
    "table",
    { class: "gaps" },
    el("caption", { class: "unseen" }, t("trust.gaps_caption")),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("why.input")), ...heads)),
    el("tbody", {}, ...rows),
  );
}

function row(name, prognoses) {
  const cells = prognoses.map(({ endpoint, gaps: found, risk }) =>
    cell(endpointLabel(endpoint), found.find(({ predictor }) => predictor === name), risk),
  );
  return el("tr", {}, el("th", { scope: "row" }, labelOf(name)), ...cells);
}

function cell(label, gap, risk) {
  if (!gap) return el("td", { "data-label": label }, "\u2013");
  const { lowest_risk: low, highest_risk: high } = gap;
  const words = t("trust.gap", { low: ofHundred(low), high: ofHundred(high) });
  return el("td", { "data-label": label }, el("span", { class: "span" }, words), track(low, high, risk));
}

function folding(rows) {
  if (rows.length <= FEW + 1) return [];
  const fold = (folded) => rows.slice(FEW).forEach((one) => one.classList.toggle("left-out", folded));
  const button = el("button", { type: "button", class: "quiet no-print" }, t("trust.all", { n: rows.length }));
  let folded = true;
  button.addEventListener("click", () => {
    folded = !folded;
    fold(folded);
    button.textContent = folded ? t("trust.all", { n: rows.length }) : t("trust.fewer");
  });
  fold(folded);
  return [button];
}
