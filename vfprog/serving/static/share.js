/** The link to the values of the form: behind the #, which no browser sends to a server. */

import { byId, el } from "./dom.js";
import { t } from "./data.js";
import { entries, fillIn } from "./form.js";

/** Fill the form from the address, then take the values out of it. @returns {string} what to say of it */
export function takeFromAddress() {
  const fragment = location.hash.slice(1);
  if (!fragment.includes("=")) return "";
  const unknown = fillIn([...new URLSearchParams(fragment)]);
  history.replaceState(null, "", location.pathname + location.search);
  return unknown.length ? t("share.unknown", { names: unknown.join(", ") }) : "";
}

/** The address of the page with the values of the form. */
export function linkToValues() {
  return `${location.origin}${location.pathname}#${new URLSearchParams(entries())}`;
}

/** Open the page anew, the values of the form with it. */
export function reloadWithValues() {
  history.replaceState(null, "", linkToValues()); // no hashchange: this page is to keep its hands off
  location.reload();
}

/** Printing and the link. @returns {HTMLElement} */
export function sharing() {
  const place = el("div", { class: "link" });
  const show = () => place.replaceChildren(...link());
  return el(
    "section",
    { class: "card take no-print", "aria-labelledby": "share-title" },
    el("h3", { id: "share-title" }, t("share.title")),
    el(
      "div",
      { class: "actions" },
      el("button", { type: "button", id: "print", onclick: () => window.print() }, t("share.print")),
      el("button", { type: "button", id: "make-link", onclick: show }, t("share.link")),
    ),
    place,
  );
}

function link() {
  const field = el("input", { id: "link", type: "text", readonly: true, value: linkToValues(), onfocus: () => field.select() });
  return [
    el("label", { for: "link" }, t("share.link_label")),
    el("div", { class: "entry" }, field, el("button", { type: "button", onclick: () => copy(field) }, t("share.copy"))),
    el("p", { class: "hint" }, t("share.note", { n: entries().length })),
  ];
}

async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    byId("announce").textContent = t("share.copied");
  } catch {
    field.focus(); // no clipboard without https: what is selected can be copied by hand
  }
}
