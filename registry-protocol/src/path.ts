import { Fault } from "./faults.js";

/** Said of a `%` in a name, which no name has: a path has been decoded by then. */
export const STILL_ENCODED = "% is left after it was percent-decoded once";

/**
 * @param target - request target exactly as received
 * @returns path and query, neither decoded
 */
export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf("?");
  if (mark === -1) return { path: target, query: "" };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * Splits first and decodes then, once (RFC 3986 sections 2.4 and 7.3): so `%2F` is a part of a name and never of the
 * path's form, and what is still encoded after that is for the rules of names to refuse.
 *
 * @param path - what follows a prefix of a path, exactly as received
 * @returns its segments
 * @throws Fault REQUEST_INVALID when one cannot be decoded
 */
export function segmentsOf(path: string): string[] {
  return path.split("/").map(decode);
}

function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new Fault("REQUEST_INVALID", { message: "the path cannot be percent-decoded", cause });
  }
}
