import { Fault } from "#registry-protocol/faults.js";

/**
 * @param what - such as "tag"
 * @returns the fault to throw for what is not there, and for what the caller may not know of
 */
export function notKnown(what: string): Fault {
  return new Fault("NOT_FOUND", {
    message: `there is no such ${what} here, or you may not know of it`,
  });
}

/** @returns the same for a repository */
export function noSuchRepository(): Fault {
  return new Fault("NAME_UNKNOWN");
}
