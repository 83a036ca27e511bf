import type { AuditActor } from "./entry.js";
import type { Tally } from "./tally.js";

/** What an administrator has looked at that is others'. */
export interface AdministratorsRead {
  readonly actor: AuditActor;
  /** Id of the operation. */
  readonly operation: string;
  readonly repository?: string | null;
  /** Whose, where it is of a team; absent: of all. */
  readonly team?: string;
}

/** Takes note of what administrators look at. */
export type NoteRead = (read: AdministratorsRead) => void;

/**
 * @param tally - what counts them, so that a dashboard that asks each second is one entry a minute
 * @returns what takes note of them
 */
export function noteReads(tally: Pick<Tally, "note">): NoteRead {
  return ({ actor, operation, repository = null, team }) => {
    tally.note({
      ...{ action: "administration.read", actor, repository, tag: null, digest: null },
      reason: "administrators may look at what is others'",
      detail: { operation, ...(team === undefined ? {} : { team }) },
    });
  };
}
