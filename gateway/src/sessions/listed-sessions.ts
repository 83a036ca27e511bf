import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import {
  deleteSessionById,
  deleteSessionsOf,
  listSessions,
  type ListedSession,
  type Person,
} from "./list-sql.js";
import { hashOf } from "./sessions.js";
import type { SessionLimits } from "./sql.js";

/** Sessions, to whoever has logged in: their own, and to administrators others'. */
export interface ListedSessions {
  /** @returns those of one person, the last used first; `secret`: of whoever asks, to tell theirs */
  readonly list: (person: Person, secret: string | null) => Promise<readonly ListedSession[]>;
  /** Ends the one with that id, of that person or, with `null`, of anybody. @returns whether there was one */
  readonly end: (actor: AuditActor, id: string, person: Person | null) => Promise<boolean>;
  /** Ends all of one person but the one with that secret. @returns how many */
  readonly endOthers: (actor: AuditActor, person: Person, secret: string | null) => Promise<number>;
}

/**
 * @param deps - the ledger, how long sessions last, and what puts on record who has ended whose
 * @returns the sessions by person
 */
export function listedSessions({
  db,
  limits,
  audit,
}: {
  readonly db: Database;
  readonly limits: SessionLimits;
  readonly audit: RecordAudit;
}): ListedSessions {
  const entry = (actor: AuditActor, { realm, uid }: Person, detail: object) => ({
    ...({ action: "session.ended", actor, reason: "ended by the list of sessions" } as const),
    ...{ repository: null, tag: null, digest: null, detail: { of: `${realm}/${uid}`, ...detail } },
  });
  return {
    list: (person, secret) => listSessions(db, person, limits, hashOrNull(secret)),
    end: (actor, id, person) =>
      db.transaction(async (tx) => {
        const owner = await deleteSessionById(tx, id, person);
        if (owner !== null) await audit(tx, entry(actor, owner, { sessions: 1, id }));
        return owner !== null;
      }),
    endOthers: (actor, person, secret) =>
      db.transaction(async (tx) => {
        const sessions = await deleteSessionsOf(tx, person, hashOrNull(secret));
        if (sessions > 0) await audit(tx, entry(actor, person, { sessions }));
        return sessions;
      }),
  };
}

function hashOrNull(secret: string | null): Buffer | null {
  return secret === null ? null : hashOf(secret);
}
