/** How the model performed in the groups of its registry that the patient belongs to. */

import { el } from "./dom.js";
import { endpointLabel, hasText, show, t } from "./data.js";

/** @typedef {{grouping: string, label: string, group: string, metric: string, estimate: number | null,
 *   lower: number | null, upper: number | null, n: number | null, n_events: number | null, reason: string | null}} Peer */

/** @param {{endpoint: string, peers: Peer[]}[]} prognoses @returns {HTMLElement[]} */
export function peers(prognoses) {
  const title = el("h4", {}, t("trust.peers"));
  const known = prognoses.filter(({ peers: found }) => found.length);
  if (!known.length) return [title, el("p", { class: "hint" }, t("trust.peers_none"))];
  return [title, el("p", { class: "hint" }, t("trust.peers_intro")), ...known.map(table)];
}

function table({ endpoint, peers: found }) {
  const metrics = [...new Set(found.map(({ metric }) => metric))];
  const groups = [...new Set(found.map(({ grouping }) => grouping))];
  const heads = [t("trust.group"), t("trust.size"), ...metrics.map(metricLabel)];
  const rows = groups.map((grouping) => row(found.filter((peer) => peer.grouping === grouping), metrics));
  const caption = `${endpointLabel(endpoint)}: ${t("trust.peers_caption")}`;
  const figures = el(
    "table",
    {},
    el("caption", { class: "unseen" }, caption),
    el("thead", {}, el("tr", {}, ...heads.map((words) => el("th", { scope: "col" }, words)))),
    el("tbody", {}, ...rows),
  );
  // On a phone the table is wider than the page: it scrolls by itself, by touch and by the keyboard.
  const frame = el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption }, figures);
  return el("details", { class: "peers" }, el("summary", {}, endpointLabel(endpoint)), frame);
}

function row(found, metrics) {
  const [{ label, group, n, n_events: events }] = found;
  const size = n === null ? "\u2013" : events === null ? show(n) : `${n} (${events})`;
  const cells = metrics.map((metric) => figure(found.find((peer) => peer.metric === metric)));
  return el("tr", {}, el("th", { scope: "row" }, `${label}: ${group}`), el("td", {}, size), ...cells);
}

function figure(peer) {
  if (!peer || peer.estimate === null) return el("td", { class: "missing" }, peer?.reason ?? "\u2013");
  const { estimate, lower, upper } = peer;
  if (lower === null || upper === null) return el("td", {}, fixed(estimate));
  return el("td", {}, t("trust.interval", { estimate: fixed(estimate), low: fixed(lower), high: fixed(upper) }));
}

const metricLabel = (name) => (hasText(`metrics.${name}`) ? t(`metrics.${name}`) : name.replaceAll("_", " "));

function fixed(value) {
  const format = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return value.toLocaleString(document.documentElement.lang, format).replace("-", "\u2212");
}
