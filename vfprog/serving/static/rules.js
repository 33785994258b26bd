/** The rules of one value, with the numbers of the model's dictionary; the server checks again. */

import { data, show, t, withUnit } from "./data.js";

/**
 * @typedef {object} Read
 * @property {string | number | boolean | null} value  null where nothing is given, or it is wrong
 * @property {string | null} problem  what is wrong, in plain words
 * @property {boolean} wrong  whether the problem is an error; otherwise it is a warning
 */

/**
 * Read what was typed or chosen for one predictor.
 *
 * @param {string} name
 * @param {string} raw
 * @returns {Read}
 */
export function read(name, raw) {
  const predictor = data.predictors[name];
  const text = raw.trim();
  if (text === "") return fine(null);
  if (predictor.kind === "binary") return binary(text);
  if (predictor.levels.length) return level(predictor, text);
  return number(predictor, text);
}

const fine = (value) => ({ value, problem: null, wrong: false });
const error = (problem) => ({ value: null, problem, wrong: true });

function binary(text) {
  return text === "true" || text === "false" ? fine(text === "true") : error(t("problems.binary"));
}

function level(predictor, text) {
  if (predictor.levels.some(([code]) => code === text)) return fine(text);
  return error(t("problems.level", { levels: predictor.levels.map(([, words]) => words).join(", ") }));
}

function number(predictor, text) {
  // A blank may part thousands; elsewhere it may stand for a point, or part two numbers.
  const thousands = /^[+\-\u2212]?\d{1,3}(\s\d{3})+([.,]\d*)?$/.test(text);
  const plain = (thousands ? text.replace(/\s/g, "") : text).replace("\u2212", "-");
  if (ambiguous(predictor, plain)) {
    const mark = plain.includes(",") ? "," : ".";
    const words = { plain: plain.replaceAll(mark, ""), decimal: show(Number(plain.replace(mark, "."))), mark };
    return error(t("problems.ambiguous", words));
  }
  const pointed = plain.replace(",", ".");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(pointed)) return error(example(predictor));
  const value = Number(pointed);
  if (predictor.kind === "count" && !Number.isInteger(value)) return error(t("problems.whole"));
  if (outside(value, predictor.hard_range)) return error(range("hard_range", predictor));
  if (outside(value, predictor.usual_range)) return { value, problem: range("usual_range", predictor), wrong: false };
  return fine(value);
}

/** Whether a comma, or a point between three digits of a number in days or so, may part thousands. */
function ambiguous({ hard_range: hard }, text) {
  if (/^[+-]?\d{1,3}(,\d{3})+$/.test(text)) return true;
  // A point is the decimal sign here; only where thousands are possible is it asked about.
  const parted = /^[+-]?[1-9]\d{0,2}(\.\d{3})+$/.test(text);
  return parted && !outside(Number(text.replaceAll(".", "")), hard);
}

const outside = (value, limits) => limits !== null && (value < limits[0] || value > limits[1]);

function range(rule, predictor) {
  const [low, high] = predictor[rule];
  return t(`problems.${rule}`, { low: show(low), high: withUnit(high, predictor.unit) });
}

/** Ask for a number, with one that would do. */
function example({ slider, usual_range: usual, hard_range: hard, unit }) {
  const [low, high] = slider ?? usual ?? hard;
  return t("problems.number", { example: withUnit(Math.round((low + high) / 2), unit) });
}

/**
 * A failure the server found, in the words of this page.
 *
 * @param {{rule: string, column: string, message: string, value?: unknown}} failure
 */
export function inWords(failure) {
  const predictor = data.predictors[failure.column];
  if (predictor && predictor[failure.rule]) return range(failure.rule, predictor);
  if (failure.rule === "empty") return t("problems.empty");
  return t("problems.other", { message: failure.message });
}
