import { Fault } from "#registry-protocol/faults.js";

/**
 * @param what - such as "repository"
 * @returns the fault to throw for what is not there, and for what the caller may not know of
 */
export function notKnown(what: string): Fault {
  return new Fault("NOT_FOUND", {
    message: `there is no such ${what} here, or you may not know of it`,
  });
}
