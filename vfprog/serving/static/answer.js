/** All that is shown of one prediction. */

import { byId, el } from "./dom.js";
import { t, valueText } from "./data.js";
import { evidence } from "./evidence.js";
import { given } from "./form.js";
import { risks } from "./risks.js";
import { sharing } from "./share.js";
import { trust } from "./trust.js";
import { whatIf } from "./what_if.js";
import { why } from "./why.js";

/**
 * @param {any} prediction  as `/v1/predict` gives it
 * @param {Record<string, any>} patient  as it was asked about
 * @param {() => void} again  asks for the prediction anew
 */
export function show(prediction, patient, again) {
  const { prognoses } = prediction;
  const parts = [
    values(prediction.model),
    ...risks(prediction),
    prognoses.length ? why(prognoses) : null,
    prognoses.length ? trust(prediction) : null,
    prognoses.length ? whatIf(prediction, patient, again) : null,
    ...evidence(prediction),
    sharing(),
  ];
  byId("answer").replaceChildren(...parts.filter((part) => part !== null));
  byId("answer").hidden = false;
  mark(false);
}

/** Show no prediction: there is none that belongs to the form. */
export function hide() {
  byId("answer").replaceChildren();
  byId("answer").hidden = true;
  mark(false);
}

/** Grey what is shown: the form has changed since. */
export const grey = () => mark(true);

function mark(stale) {
  const answer = byId("answer");
  answer.classList.toggle("stale", stale);
  answer.setAttribute("aria-busy", String(stale));
  answer.inert = stale;
}

/** Which model answered, as the answer itself says. @param {import("./data.js").Model} model */
const ofModel = ({ name, version, trained_on: source, sha256 }) => ({
  model: `${name} ${version}`,
  data: t(`about.${source}`),
  fingerprint: sha256.slice(0, 16),
});

/** The values the risks belong to; on paper only, where the form is not. */
function values(model) {
  const line = ([label, name, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, valueText(name, value)));
  const today = new Date().toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  return el(
    "section",
    { class: "card values print-only" },
    el("h3", {}, t("print.title")),
    el("dl", {}, ...given().map(line)),
    el("p", { class: "hint" }, t("print.made", { date: today, ...ofModel(model) })),
  );
}
