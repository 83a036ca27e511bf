import { Fault } from "#registry-protocol/faults.js";
import { parseScmSource, ScmSourceError, type ScmSource } from "./scm-source.js";

/** Header of a manifest PUT that names the source, in lower case. */
export const SCM_HEADER = "x-scm-source";

const MOST_CHARACTERS = 8_192;

/**
 * Pier One's header: JSON, URL-encoded. It says what nobody can check, so only few may.
 *
 * @param value - the header, if any
 * @param trusted - whether the caller's login has the scope `application.write_all_trusted`
 * @returns the source, or `null` without the header
 * @throws Fault DENIED when the caller may not say this, REQUEST_INVALID when it cannot be understood
 */
export function parseScmHeader(
  value: string | readonly string[] | undefined,
  trusted: boolean,
): ScmSource | null {
  if (value === undefined) return null;
  if (!trusted)
    throw new Fault("DENIED", {
      message:
        "X-SCM-Source takes a token with scope application.write_all_trusted; labels do without (docs/scm-source.md)",
    });
  if (typeof value !== "string") throw invalid("is there more than once");
  if (value.length > MOST_CHARACTERS)
    throw invalid(`is longer than ${MOST_CHARACTERS.toLocaleString("en")} characters`);
  try {
    return parseScmSource(decoded(value));
  } catch (error) {
    if (error instanceof ScmSourceError) throw invalid(error.message);
    throw error;
  }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalid("is not URL-encoded");
  }
}

function invalid(reason: string): Fault {
  return new Fault("REQUEST_INVALID", {
    message: `X-SCM-Source: ${reason}; wanted is URL-encoded JSON {url, revision, author, status}`,
  });
}
