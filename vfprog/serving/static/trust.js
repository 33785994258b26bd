/** How far to trust the risks: what the model learned from, whom, and how it did there. */

import { el } from "./dom.js";
import { labelOf, sentence, t } from "./data.js";
import { gaps } from "./gaps.js";
import { peers } from "./peers.js";

/** @param {any} prediction @returns {HTMLElement} */
export function trust({ model, prognoses, applicability }) {
  return el(
    "section",
    { class: "card trust", "aria-labelledby": "trust-title" },
    el("h3", { id: "trust-title" }, t("trust.title")),
    el("p", {}, t(model.trained_on === "simulated" ? "trust.simulated" : "trust.registry")),
    ...coverage(prognoses),
    ...typical(applicability),
    ...gaps(prognoses),
    ...peers(prognoses),
  );
}

function coverage(prognoses) {
  const found = prognoses.map(({ instability_coverage }) => instability_coverage).find(Boolean);
  if (!found) return [];
  const words = { share: Math.round(100 * found.share), n: found.n, source: found.source };
  return [el("p", {}, t("trust.coverage", words))];
}

function typical(applicability) {
  const title = el("h4", {}, t("trust.typical"));
  if (!applicability) return [title, el("p", {}, t("trust.typical_unknown"))];
  const names = applicability.outside_usual.map(labelOf).join(", ");
  const outside = names ? [el("p", { class: "outside" }, t("trust.outside", { names }))] : [];
  return [title, el("p", {}, sentence(applicability.note)), ...outside];
}
