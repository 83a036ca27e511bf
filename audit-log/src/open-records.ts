import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import { authorOf } from "./changed-by.js";
import { keysFact } from "./facts.js";
import { recordAudit } from "./record-audit.js";
import { openTally, type Tally } from "./tally.js";
import { factQueue, recordFact, type Fact } from "./record-fact.js";

/** Puts on record what a service itself is and does. */
export interface Records {
  /** Puts a fact on record as soon as that is possible. */
  readonly note: (fact: Fact) => void;
  /** @throws when the fact cannot be put on record now */
  readonly record: (fact: Fact) => Promise<void>;
  /** Takes note of what is on record by its number. */
  readonly tally: Tally;
  readonly parts: readonly Component[];
}

/**
 * @param owner - whose keys they are
 * @param deps - the audit log, the keys: which of them are in use is put on record, and who deployed the service
 * @returns what puts facts on record
 */
export function openRecords(
  owner: string,
  {
    db,
    keys,
    log,
    changedBy,
  }: {
    readonly db: Database;
    readonly keys: KeyRing;
    readonly log: Logger;
    readonly changedBy: string | null;
  },
): Records {
  const deps = { db, audit: recordAudit, log };
  const facts = factQueue(deps);
  const tally = openTally({ ...deps, now: () => performance.now() });
  const noteKeys = () => {
    facts.add(keysFact(owner, keys.describe()));
  };
  noteKeys();
  keys.onChange(noteKeys);
  return {
    // What is found at the start came with the deployment.
    note: (fact) => {
      facts.add(authored(fact, changedBy));
    },
    record: async (fact) => {
      await recordFact(deps, authored(fact, null));
    },
    tally,
    parts: [facts, tally],
  };
}

function authored(fact: Fact, deployment: string | null): Fact {
  const { path } = fact.detail;
  return {
    ...fact,
    author: () => authorOf(typeof path === "string" ? path : null, deployment),
  };
}
