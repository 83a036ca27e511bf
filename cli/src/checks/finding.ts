/** What was looked at, what was found, and what to do where it is not good. */
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
