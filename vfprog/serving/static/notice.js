/** What the reader is told instead of risks, or above them. */

import { byId, el } from "./dom.js";
import { data, t } from "./data.js";
import { keyGiven, useKey } from "./api.js";
import { reloadWithValues } from "./share.js";

const place = () => byId("notice");
/** @param {...(Node | null)} children */
const show = (kind, ...children) => place().replaceChildren(el("div", { class: `notice ${kind}` }, ...children));
const title = (text) => el("h3", {}, text);
const say = (text) => el("p", {}, text);

/** Nothing to say. */
export const clear = () => place().replaceChildren();

/** The form is empty. */
export const empty = () => show("calm", title(t("status.empty_title")), say(t("status.empty")));

/** A value on the form is wrong; each is told at its field, `others` belong to none. @param {string[]} [others] */
export function invalid(others = []) {
  show("calm", say(t("status.invalid")), others.length ? el("ul", {}, ...others.map((line) => el("li", {}, line))) : null);
}

/** The form has changed and the risks have not yet. */
export const updating = () => show("calm", say(t("status.updating")));

/** No answer. @param {import("./api.js").NoAnswer} reason @param {() => void} again */
export function noAnswer(reason, again) {
  if (reason.kind === "key") return askForKey(again);
  const down = reason.kind === "down";
  show(
    "alarm",
    title(t(down ? "status.down_title" : "status.refused_title")),
    say(down ? t("status.down") : t("status.refused", { status: reason.status })),
    el("button", { type: "button", id: "retry", onclick: again }, t("status.retry")),
  );
  announce(t(down ? "status.down_title" : "status.refused_title"));
}

function askForKey(again) {
  const described = { "aria-describedby": "access-key-problem" };
  const field = el("input", { id: "access-key", type: "password", autocomplete: "off", ...described });
  const problem = el("p", { class: "problem", id: "access-key-problem" }, keyGiven() ? t("status.key_refused") : "");
  const use = (event) => {
    event.preventDefault();
    if (useKey(field.value)) return again();
    problem.textContent = t("status.key_impossible");
    announce(t("status.key_impossible"));
  };
  const entry = el("div", { class: "entry" }, field, el("button", { type: "submit" }, t("status.key_use")));
  show(
    "alarm",
    title(t("status.key_title")),
    el("form", { class: "wrong", onsubmit: use }, el("label", { for: "access-key" }, t("status.key")), entry, problem, el("p", { class: "hint" }, t("status.key_hint"))),
  );
  announce(t(keyGiven() ? "status.key_refused" : "status.key_title"));
}

/** Another model answered than this page was made for, so no risk is shown. @param {{version: string, trained_on: string}} model */
export function replaced(model) {
  const words = { version: model.version, old: data.model.version, data: t(`about.${model.trained_on}`) };
  show(
    "alarm",
    title(t("status.replaced_title")),
    say(t("status.replaced", words)),
    el("button", { type: "button", onclick: reloadWithValues }, t("status.reload")),
  );
  announce(t("status.replaced_title"));
}

/** Say something to a screen reader, and to nobody else. @param {string} text */
export function announce(text) {
  byId("announce").textContent = text;
}
