/** What is published: trials this patient would or would not have been in, and scores. */

import { el } from "./dom.js";
import { hasText, sentence, show, t } from "./data.js";

/** @typedef {{trial: string, label: string, citation: string, design: string, eligible: boolean | null,
 *   unmet: string[], unknown: string[], finding: string}} Trial */

/** @param {any} prediction @returns {(HTMLElement | null)[]} */
export function evidence({ evidence: trials, of_score: score, alignment_flags: flags }) {
  const scores = [score ? ofScore(score) : null, flags ? alignment(flags) : null].filter(Boolean);
  return [trials?.length ? section(trials) : null, scores.length ? el("div", { class: "scores" }, ...scores) : null];
}

/** @param {Trial[]} trials */
function section(trials) {
  return el(
    "section",
    { class: "card evidence", "aria-labelledby": "evidence-title" },
    el("h3", { id: "evidence-title" }, t("evidence.title")),
    el("p", { class: "hint" }, t("evidence.intro")),
    el("ul", { class: "trials" }, ...trials.map(trial)),
  );
}

/** @param {Trial} one */
function trial({ trial: name, label, citation, design, eligible, unmet, unknown, finding }) {
  const verdict = eligible === null ? "undecided" : eligible ? "eligible" : "ineligible";
  return el(
    "li",
    { "data-trial": name },
    el("div", { class: "head" }, el("h4", {}, label), el("span", { class: "hint" }, designed(design)), el("span", { class: `verdict ${verdict}` }, t(`evidence.${verdict}`))),
    criteria("unmet", unmet),
    criteria("unknown", unknown),
    el("p", {}, finding, " ", el("cite", {}, citation)),
  );
}

const designed = (design) => (hasText(`evidence.designs.${design}`) ? t(`evidence.designs.${design}`) : design);

function criteria(kind, listed) {
  return listed.length ? el("p", { class: "criteria" }, t(`evidence.${kind}`, { criteria: listed.join("; ") })) : null;
}

function ofScore({ score, lowest, highest, parts, reading, note, citation }) {
  const range = lowest === highest ? "" : ` (${t("evidence.of_range", { lowest: show(lowest), highest: show(highest) })})`;
  const rows = parts.map(({ label, points, unknown }) => [label, unknown ? t("evidence.not_known") : show(points)]);
  return el(
    "section",
    { class: "card score", "aria-labelledby": "of-title" },
    el("h3", { id: "of-title" }, t("evidence.of_score")),
    el("p", {}, el("strong", {}, t("evidence.of_total", { score: show(score) })), range),
    reading ? el("p", {}, t("evidence.of_reading", { reading })) : null,
    list(rows),
    el("p", { class: "hint" }, sentence(note), " ", el("cite", {}, citation)),
  );
}

function alignment({ count, flags, note, citation }) {
  const words = (raised) => t(raised === null ? "evidence.not_known" : raised ? "evidence.raised" : "evidence.not_raised");
  return el(
    "section",
    { class: "card score", "aria-labelledby": "flags-title" },
    el("h3", { id: "flags-title" }, t("evidence.flags")),
    el("p", {}, el("strong", {}, t("evidence.flags_total", { n: count }))),
    list(flags.map(({ label, raised }) => [label, words(raised)])),
    el("p", { class: "hint" }, sentence(note), " ", el("cite", {}, citation)),
  );
}

const list = (rows) =>
  el("dl", { class: "items" }, ...rows.map(([term, said]) => el("div", {}, el("dt", {}, term), el("dd", {}, said))));
