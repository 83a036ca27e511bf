import { isObject } from "#service-kit/is-object.js";

/** What was looked at, what was found, and what to do where it is not good; as `wharf doctor` shows it from outside. */
export interface Finding {
  readonly check: string;
  readonly state: "good" | "look" | "bad";
  readonly found: string;
  /** `null`: nothing. */
  readonly todo: string | null;
}

/** @returns a finding that is as it should be */
export function good(check: string, found: string): Finding {
  return { check, state: "good", found, todo: null };
}

/** @returns one that may be wrong */
export function look(check: string, found: string, todo: string): Finding {
  return { check, state: "look", found, todo };
}

/** @returns one that is wrong */
export function bad(check: string, found: string, todo: string): Finding {
  return { check, state: "bad", found, todo };
}

/**
 * @param error - whatever was thrown
 * @returns its message, and that of the first of its causes that has one: what `fetch` throws says nothing itself
 */
export function reasonOf(error: unknown): string {
  if (!isObject(error)) return "failed";
  const { message, code, cause } = error;
  const because = cause === undefined ? "" : reasonOf(cause);
  const own = textOr(message, textOr(code, "failed"));
  return because === "" || own.includes(because) ? own : `${own}: ${because}`;
}

function textOr(text: unknown, other: string): string {
  return typeof text === "string" && text !== "" ? text : other;
}
