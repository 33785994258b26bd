/** What the server put into the page: the model's predictors and endpoints, and every text. */

/**
 * @typedef {object} Predictor
 * @property {string} label
 * @property {string} unit
 * @property {"continuous" | "count" | "binary" | "ordinal" | "nominal"} kind
 * @property {"episodes" | "vertebrae"} table
 * @property {[number, number] | null} hard_range  outside is an error
 * @property {[number, number] | null} usual_range  outside is a warning
 * @property {[string, string][]} levels  value and words
 * @property {boolean} procedure  known only from the procedure
 * @property {boolean} used  by a model of the bundle
 * @property {[number, number, number] | null} slider  lowest, highest, step
 */

/**
 * @typedef {{name: string, version: string, trained_on: "simulated" | "registry", sha256: string}} Model
 *
 * @typedef {object} PageData
 * @property {{version: string, sha256: string}} model
 * @property {boolean} simulated
 * @property {Record<string, Predictor>} predictors
 * @property {Record<string, {label: string, unit: string}>} features  those of two parents
 * @property {Record<string, string>} endpoints  label by name
 * @property {Record<string, string>} texts
 */

/** @type {PageData} */
export const data = JSON.parse(document.getElementById("data")?.textContent ?? "{}");

/**
 * Whether another model answered than this page was made for. Its risks have no place here: mark of
 * simulation, form, words and fingerprint are those of the page's own.
 *
 * @param {{sha256: string}} model
 */
export const isAnother = (model) => model.sha256 !== data.model.sha256;

const number = new Intl.NumberFormat(document.documentElement.lang, {
  maximumSignificantDigits: 4,
  useGrouping: false,
});

/**
 * The text of a key, with its words in braces filled in.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [words]
 */
export function t(key, words = {}) {
  const text = data.texts[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(words[name]));
}

/** Whether there is a text of this key. @param {string} key */
export const hasText = (key) => key in data.texts;

/** A number as people of the page's language write it. @param {number} value */
export const show = (value) => number.format(value).replace("-", "\u2212");

/** @param {string} name @returns {string} */
export function labelOf(name) {
  return data.predictors[name]?.label ?? data.features[name]?.label ?? name;
}

/** @param {string} name @returns {string} */
export function unitOf(name) {
  return data.predictors[name]?.unit ?? data.features[name]?.unit ?? "";
}

/** A number with its unit; the degree sign stands close. @param {number} value @param {string} unit */
export function withUnit(value, unit) {
  return `${show(value)}${unit && unit !== "\u00b0" ? "\u00a0" : ""}${unit}`;
}

/**
 * A value in words, with its unit; several vertebrae are listed.
 *
 * @param {string} name
 * @param {unknown} value
 * @returns {string}
 */
export function valueText(name, value) {
  if (value === null || value === undefined) return t("why.not_given");
  if (Array.isArray(value)) return value.map((v) => (v === null ? "?" : valueText(name, v))).join(", ");
  if (typeof value === "boolean") return t(value ? "form.yes" : "form.no");
  if (typeof value === "number") return withUnit(value, unitOf(name));
  const level = data.predictors[name]?.levels.find(([code]) => code === value);
  return level ? level[1] : String(value);
}

/** An endpoint's name in words. @param {string} name */
export const endpointLabel = (name) => data.endpoints[name] ?? name;

/** Of 100 patients, in words. @param {number} risk */
export function ofHundred(risk) {
  const n = Math.round(100 * risk);
  if (n === 0) return t("risks.fewer_than");
  return n === 100 ? t("risks.more_than") : String(n);
}

/** A risk in percent: a decimal below 10 and above 90, none between. @param {number} risk */
export function percent(risk) {
  const shown = 100 * risk;
  const digits = shown < 10 || shown > 90 ? 1 : 0;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${shown.toLocaleString(document.documentElement.lang, format)}\u00a0%`;
}

/** Words as a sentence: with a capital first and a full stop last. @param {string} words */
export const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, "")}.`;
