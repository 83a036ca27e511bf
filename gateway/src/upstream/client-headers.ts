import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "#registry-protocol/faults.js";

/** Visible ASCII, blanks and tabs: what every reader of a header reads the same (RFC 9110 section 5.5). */
const PRINTABLE = /^[\t\x20-\x7e]*$/;
const MOST_CHARACTERS = 8 * 1024;
const MOST_USER_AGENT_CHARACTERS = 200;

/**
 * Takes from a client's headers the ones that may go on, and none beside them.
 *
 * @param headers - a client's headers as they were understood
 * @param allowed - names of those that may go on
 * @returns them, by the names given
 * @throws Fault REQUEST_INVALID for one that is not printable or longer than 8 KiB
 */
export function allowedHeaders<Name extends string>(
  headers: IncomingHttpHeaders,
  allowed: readonly Name[],
): Partial<Record<Name, string>> {
  const taken: Partial<Record<Name, string>> = {};
  for (const name of allowed) {
    const value = headers[name.toLowerCase()];
    if (value === undefined) continue;
    if (typeof value !== "string" || value.length > MOST_CHARACTERS || !PRINTABLE.test(value))
      throw new Fault("REQUEST_INVALID", { message: `the header ${name} is not valid` });
    taken[name] = value;
  }
  return taken;
}

/**
 * A name that is long or odd is no reason to refuse anybody.
 *
 * @param headers - a client's headers
 * @returns its user agent, printable and at most 200 characters, or `undefined` when it names none
 */
export function printableUserAgent(headers: IncomingHttpHeaders): string | undefined {
  const given = headers["user-agent"];
  if (given === undefined || given === "") return undefined;
  return given.slice(0, MOST_USER_AGENT_CHARACTERS).replace(/[^\x20-\x7e]/g, "?");
}
