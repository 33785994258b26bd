/** The page: the form asks, the answer is shown, and no risk stands beside values it does not belong to. */

import { byId } from "./dom.js";
import { isAnother, t } from "./data.js";
import { NoAnswer, post } from "./api.js";
import * as answer from "./answer.js";
import * as form from "./form.js";
import * as notice from "./notice.js";
import { spoken } from "./risks.js";
import { takeFromAddress } from "./share.js";
import * as vertebrae from "./vertebrae.js";

// A pause in typing; longer where what stands there is wrong, for it may be half a number.
const PAUSE_MS = 250;
const PAUSE_WRONG_MS = 1200;

let timer = 0;
let asking = new AbortController();
// What stood on the form when it was last read, and whether its answer is still to come.
let read = "";
let pending = false;

const content = () => JSON.stringify(form.entries());

/** Read the form and ask for its risks; an older question is dropped. */
async function update() {
  clearTimeout(timer);
  asking.abort();
  asking = new AbortController();
  read = content();
  pending = true;
  const { signal } = asking;
  const { patient, sent, problems, empty } = form.readForm();
  form.showProblems(problems);
  if (problems.some(({ wrong }) => wrong)) return withhold(notice.invalid);
  if (empty) return withhold(notice.empty);
  try {
    const prediction = await post("v1/predict", patient, signal);
    if (isAnother(prediction.model)) return withhold(() => notice.replaced(prediction.model));
    notice.clear();
    answer.show(prediction, patient, update);
    pending = false;
    notice.announce(t("status.updated", { risks: spoken(prediction.prognoses) }));
  } catch (reason) {
    if (signal.aborted) return;
    if (!(reason instanceof NoAnswer)) throw reason;
    refuse(reason, sent, problems);
  }
}

/** @param {() => void} say */
function withhold(say) {
  pending = false;
  answer.hide();
  say();
}

function refuse(reason, sent, warnings) {
  pending = false;
  answer.hide();
  if (reason.kind !== "invalid") return notice.noAnswer(reason, update);
  const { problems, others } = form.placeFailures(reason.failures, sent);
  form.showProblems([...warnings, ...problems]);
  notice.invalid(others);
}

/** The form has changed: what is shown no longer belongs to it. Leaving a field is no change. */
function changed(pause = 0) {
  if (!pending && content() === read) return;
  pending = true;
  if (!byId("answer").hidden) {
    answer.grey();
    notice.updating();
  }
  clearTimeout(timer);
  asking.abort();
  timer = setTimeout(update, pause);
}

function typed() {
  const wrong = form.readForm().problems.some((problem) => problem.wrong);
  changed(wrong ? PAUSE_WRONG_MS : PAUSE_MS);
}

async function submitted(event) {
  event.preventDefault();
  await update();
  const { problems } = form.readForm();
  const errors = problems.filter(({ wrong }) => wrong);
  if (errors.length) form.summarise(errors);
  else byId("results").focus();
}

function cleared() {
  form.fillIn([]);
  byId("said").textContent = "";
  notice.announce(t("form.cleared"));
  update();
}

function fromAddress() {
  byId("said").textContent = takeFromAddress();
  update();
}

/** What is sticky, or scrolled to, stops below the banner, however many lines it takes. */
function makeRoom(banner) {
  const measure = () => document.documentElement.style.setProperty("--banner", `${banner.offsetHeight}px`);
  new ResizeObserver(measure).observe(banner);
}

const banner = document.getElementById("simulated");
if (banner) makeRoom(banner);
vertebrae.start(() => changed());
byId("patient").addEventListener("input", typed);
byId("patient").addEventListener("change", () => {
  vertebrae.renumber();
  changed();
});
byId("patient").addEventListener("submit", submitted);
byId("clear").addEventListener("click", cleared);
window.addEventListener("hashchange", () => location.hash.includes("=") && fromAddress());
fromAddress();
