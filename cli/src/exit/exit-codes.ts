/** What `wharf` ends with. Scripts rely on them: none is ever given another meaning (docs/cli.md, decision 0027). */
export const EXIT = {
  /** done */
  OK: 0,
  /** it failed: the server has a fault, cannot be reached, or cannot decide now */
  ERROR: 1,
  /** the command line makes no sense */
  USAGE: 2,
  /** there is no such thing, or nothing that the caller may know of */
  NOT_FOUND: 3,
  /** no login, one that is not taken, or one that may not */
  DENIED: 4,
  /** it contradicts what is there, as another content for an immutable tag */
  CONFLICT: 5,
  /** what was verified is not what it should be */
  VERIFICATION: 6,
} as const;

/** One of them. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Code of an answer 404 about an endpoint that there is not. */
export const NO_ENDPOINT = "UNSUPPORTED";

/**
 * @param status - HTTP status of an answer that is none of 2xx
 * @param code - code of the error; `null` when the answer had none
 * @returns what the command ends with
 */
export function exitCodeOf(status: number, code: string | null): ExitCode {
  switch (status) {
    case 401:
    case 403:
      return EXIT.DENIED;
    case 404:
      // Not the thing is missing, but the endpoint: the gateway is older.
      return code === NO_ENDPOINT ? EXIT.ERROR : EXIT.NOT_FOUND;
    case 409:
    case 412:
      return EXIT.CONFLICT;
    default:
      return EXIT.ERROR;
  }
}
