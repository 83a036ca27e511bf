import { createHash } from "node:crypto";
import type { AuditEntry } from "#audit-log/entry.js";
import { policyFact } from "#audit-log/facts.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { recordFact, type Fact } from "#audit-log/record-fact.js";
import type { CountedPulls } from "#gateway/pulls/pull.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { SILENT } from "#tests/support/ledger.js";
import { countedPulls } from "#tests/support/pulls.js";
import { ALICE } from "../../ledger/support/rows.js";
import type { TestAuditLog } from "./audited.js";

/** @returns a digest that is of nothing */
export const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** What tests put on record. */
export interface OnRecord {
  readonly fact: (fact: Fact) => Promise<unknown>;
  /** What is not said is a push of nothing in particular by {@link ALICE}. */
  readonly entry: (entry: Partial<AuditEntry>) => Promise<void>;
  /** What is not said is one pull of `alpha/app:1.0` by alice, now. */
  readonly pulls: (change?: Partial<CountedPulls>) => Promise<void>;
  /** As {@link momentAfter}. */
  readonly now: () => Promise<Date>;
}

/**
 * @param log - the log, once it is there
 * @returns what puts things into it
 */
export function onRecord(log: () => TestAuditLog): OnRecord {
  return {
    fact: (fact) => recordFact({ db: log().db, audit: recordAudit, log: SILENT }, fact),
    entry: (entry) =>
      log().db.transaction((tx) =>
        recordAudit(tx, {
          ...{ action: "tag.pushed", actor: ALICE, repository: null, tag: null, digest: null },
          ...{ reason: "r", detail: {}, ...entry },
        }),
      ),
    pulls: (change = {}) => log().db.transaction((tx) => recordPulls(tx, [countedPulls(change)])),
    now: () => momentAfter(log().db),
  };
}

/** @returns a moment after what is on record and before what comes, by the database's clock */
export async function momentAfter(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ at: Date }>(
    "select clock_timestamp() + interval '2 milliseconds' as at, pg_sleep(0.005)",
  );
  return rows[0]?.at ?? new Date(0);
}

/** @returns that a policy is in force by which a team may push there, and what else it says */
export function policySaying(repositories: string, more = ""): Fact {
  const content = `rules:\n  - {id: own, effect: allow, actions: [push], repositories: ["${repositories}"], who: {teams: [alpha]}}\n${more}`;
  const sha256 = createHash("sha256").update(content).digest("hex");
  return policyFact({ path: "policy.yaml", rules: 1, sha256, content });
}
