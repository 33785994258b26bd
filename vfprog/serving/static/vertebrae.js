/** The vertebrae of the form: each stands in the fracture's group and again in the procedure's. */

import { byId, el } from "./dom.js";
import { data, t } from "./data.js";

/** @typedef {{id: number, parts: HTMLElement[]}} Vertebra */

/** @type {Vertebra[]} */
let vertebrae = [];
let lastId = 0;
let changed = () => {};
const LEVEL = "level";

/** All vertebrae, in the order of the form. */
export const list = () => vertebrae;

/** Whether the model's dictionary has anything to say of vertebrae. */
export const possible = () => document.querySelector("[data-vertebrae]") !== null;

/** Make the buttons work. @param {() => void} onChange  called after a vertebra came or went */
export function start(onChange) {
  changed = onChange;
  const first = document.querySelector("[data-vertebrae]");
  if (!first) return;
  first.after(el("button", { type: "button", id: "add-vertebra", onclick: addByHand }, t("form.add_vertebra")));
  if (Object.values(data.predictors).some(({ table, used }) => table === "vertebrae" && used)) add();
  else renumber();
}

/** Add an empty vertebra. @returns {Vertebra} */
export function add() {
  const id = ++lastId;
  const parts = [...document.querySelectorAll("[data-vertebrae]")].map((place) => {
    const part = copy(place.dataset.vertebrae, id);
    place.append(part);
    return part;
  });
  const vertebra = { id, parts };
  parts[0].append(removal(vertebra));
  vertebrae.push(vertebra);
  renumber();
  return vertebra;
}

/** Leave so many vertebrae. @param {number} n */
export function resize(n) {
  while (vertebrae.length < n) add();
  for (const gone of vertebrae.splice(n)) gone.parts.forEach((part) => part.remove());
  renumber();
}

/** Give each vertebra its number, and its level where it is known. */
export function renumber() {
  vertebrae.forEach(({ parts }, index) => {
    const level = levelOf(parts);
    const n = index + 1;
    const title = level ? t("form.vertebra_level", { n, level }) : t("form.vertebra", { n });
    for (const part of parts) part.querySelector("legend").textContent = title;
    parts[0].querySelector(".remove").textContent = t("form.remove_vertebra", { n });
  });
  for (const hint of document.querySelectorAll("[data-no-vertebrae]")) hint.hidden = vertebrae.length > 0;
}

function levelOf(parts) {
  const chosen = parts.map((part) => part.querySelector(`[name^="${LEVEL}-"]`)).find(Boolean);
  return data.predictors[LEVEL]?.levels.find(([code]) => code === chosen?.value)?.[1] ?? "";
}

function copy(group, id) {
  const templates = [...document.querySelectorAll("template[data-vertebra]")];
  const template = templates.find((one) => one.dataset.vertebra === group);
  const part = template.content.cloneNode(true).firstElementChild;
  part.dataset.vertebraId = id;
  for (const node of part.querySelectorAll("[id]")) node.id = `${node.id}-${id}`;
  for (const node of part.querySelectorAll("[name]")) node.name = `${node.name}-${id}`;
  for (const node of part.querySelectorAll("[for]")) node.htmlFor = `${node.htmlFor}-${id}`;
  for (const relation of ["aria-describedby", "aria-labelledby"]) {
    for (const node of part.querySelectorAll(`[${relation}]`)) {
      const ids = node.getAttribute(relation).split(" ");
      node.setAttribute(relation, ids.map((one) => `${one}-${id}`).join(" "));
    }
  }
  return part;
}

function removal(vertebra) {
  return el("button", { type: "button", class: "remove quiet", onclick: () => removeByHand(vertebra) });
}

function addByHand() {
  const vertebra = add();
  vertebra.parts[0].querySelector("select, input").focus();
  byId("announce").textContent = t("form.added", { n: vertebrae.length });
  changed();
}

function removeByHand(vertebra) {
  const index = vertebrae.indexOf(vertebra);
  vertebrae.splice(index, 1);
  vertebra.parts.forEach((part) => part.remove());
  renumber();
  byId("add-vertebra").focus();
  byId("announce").textContent = t("form.removed", { n: index + 1 });
  changed();
}
