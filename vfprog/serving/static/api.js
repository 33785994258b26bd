/** Questions to the server: one answer or one of the ways in which there is none. */

/** @typedef {{column: string, rule: string, message: string, vertebra: number | null}} Failure */

/** Why there is no answer: `down`, `invalid` (failures name the fields), `key`, or `refused`. */
export class NoAnswer extends Error {
  /** @param {"down" | "invalid" | "key" | "refused"} kind @param {number} [status] @param {Failure[]} [failures] */
  constructor(kind, status = 0, failures = []) {
    super(kind);
    this.kind = kind;
    this.status = status;
    this.failures = failures;
  }
}

const PATIENCE_MS = 20_000;
// An access key lives as long as this tab, nowhere else.
let accessKey = "";

/** Whether a key was sent, and so refused, when the server asks for one. */
export const keyGiven = () => accessKey !== "";

/** @param {string} key @returns {boolean} whether it can be one: a header holds plain characters only */
export function useKey(key) {
  const given = key.trim();
  if (!/^[\x21-\x7e]+$/.test(given)) return false;
  accessKey = given;
  return true;
}

/**
 * Post JSON.
 *
 * @param {string} path  relative to the page, so that a proxy may put a prefix before it
 * @param {unknown} body
 * @param {AbortSignal} signal  aborting rejects with an AbortError
 * @returns {Promise<any>}
 * @throws {NoAnswer}
 */
export async function post(path, body, signal) {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  const headers = { "Content-Type": "application/json", ...(accessKey ? { "X-API-Key": accessKey } : {}) };
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, timeout]),
      credentials: "omit",
      cache: "no-store",
    });
    if (response.ok) return await response.json();
  } catch (reason) {
    if (signal.aborted) throw reason;
    throw new NoAnswer("down");
  }
  throw await refusal(response);
}

async function refusal(response) {
  if (response.status === 401 || response.status === 403) return new NoAnswer("key", response.status);
  if (response.status >= 502 && response.status <= 504) return new NoAnswer("down", response.status);
  const problem = await response.json().catch(() => ({}));
  const failures = (problem.failures ?? []).map(place);
  return new NoAnswer(failures.length ? "invalid" : "refused", response.status, failures);
}

/** Take the address of a field apart, such as `vertebrae[0].level`. */
function place({ field, rule, message }) {
  const nested = /^vertebrae\[(\d+)\]\.(.+)$/.exec(field);
  return { column: nested ? nested[2] : field, rule, message, vertebra: nested ? Number(nested[1]) : null };
}
