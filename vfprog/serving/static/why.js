/** The waterfalls, one endpoint at a time on screen and all of them on paper. */

import { el } from "./dom.js";
import { endpointLabel, t } from "./data.js";
import { waterfall } from "./waterfall.js";

// What the reader chose stays chosen when the risks change.
let chosen = "";
let all = false;

/** @param {import("./risks.js").Prognosis[]} prognoses @returns {HTMLElement} */
export function why(prognoses) {
  if (!prognoses.some(({ endpoint }) => endpoint === chosen)) chosen = prognoses[0].endpoint;
  const many = prognoses.length > 1;
  const tabs = prognoses.map(({ endpoint }) => tab(endpoint));
  const panels = prognoses.map(({ endpoint }) => panel(endpoint, many));
  const draw = () => panels.forEach((one, index) => one.replaceChildren(waterfall(prognoses[index], all)));
  draw();
  return el(
    "section",
    { class: "card why", "aria-labelledby": "why-title" },
    el("h3", { id: "why-title" }, t("why.title")),
    el("p", { class: "hint" }, t("why.intro")),
    many ? tabList(tabs, panels) : null,
    ...panels,
    extent(draw),
  );
}

function tabList(tabs, panels) {
  const list = el("div", { role: "tablist", class: "tabs no-print", "aria-label": t("why.tabs") }, ...tabs);
  const choose = (endpoint) => {
    chosen = endpoint;
    tabs.forEach((one) => select(one, one.dataset.endpoint === endpoint));
    panels.forEach((one) => one.classList.toggle("folded", one.dataset.endpoint !== endpoint));
  };
  list.addEventListener("click", (event) => {
    const one = event.target.closest("[role=tab]");
    if (one) choose(one.dataset.endpoint);
  });
  list.addEventListener("keydown", (event) => {
    const next = neighbour(tabs, event);
    if (!next) return;
    event.preventDefault();
    choose(next.dataset.endpoint);
    next.focus();
  });
  choose(chosen);
  return list;
}

function tab(endpoint) {
  const attributes = { role: "tab", type: "button", id: `tab-${endpoint}`, "aria-controls": `why-${endpoint}` };
  return el("button", { ...attributes, "data-endpoint": endpoint }, endpointLabel(endpoint));
}

function select(one, selected) {
  one.setAttribute("aria-selected", String(selected));
  one.tabIndex = selected ? 0 : -1;
}

/** The tab an arrow key, Home or End leads to. */
function neighbour(tabs, event) {
  const at = tabs.indexOf(event.target);
  const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
  return event.key in steps ? tabs.at(steps[event.key] % tabs.length) : null;
}

function panel(endpoint, many) {
  const role = many ? { role: "tabpanel", "aria-labelledby": `tab-${endpoint}` } : {};
  return el("div", { id: `why-${endpoint}`, "data-endpoint": endpoint, ...role });
}

/** The button that shows every input, or the largest only. */
function extent(draw) {
  const words = () => t(all ? "why.fewer" : "why.all");
  const button = el("button", { type: "button", class: "quiet no-print" }, words());
  button.addEventListener("click", () => {
    all = !all;
    button.textContent = words();
    draw();
  });
  return button;
}
