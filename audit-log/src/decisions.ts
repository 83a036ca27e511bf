import type { Queryable } from "#service-kit/db/pool.js";
import type { AuditAction } from "./entry.js";
import { lastFact } from "./known-facts.js";
import { newestEntries } from "./list-entries.js";
import { entryIn, type RecordedEntry } from "./recorded-entry.js";
import type { EntryRow, PageEnd } from "./sql/entries.js";

/** A service that acts by itself asks nobody. */
const BY_ITSELF = "system";
const BATCH = 500;
/** Among more entries than that decisions are not looked for. */
const MOST_LOOKED_AT = 20_000;
const ALWAYS = { since: new Date(0), until: new Date("9999-12-31") };
const ALL = { ...ALWAYS, repository: null, action: null, actor: null, tag: null, digest: null };

/**
 * @param db - audit log
 * @param actions - what is looked for
 * @param last - how many at most
 * @returns the newest of them that somebody asked for, the newest first, found among the last 20,000 entries
 */
export async function newestDecisions(
  db: Queryable,
  actions: readonly AuditAction[],
  last: number,
): Promise<readonly RecordedEntry[]> {
  const found: RecordedEntry[] = [];
  let after: PageEnd | null = null;
  for (let looked = 0; looked < MOST_LOOKED_AT && found.length < last; looked += BATCH) {
    const rows: EntryRow[] = await newestEntries(db, ALL, { limit: BATCH, after });
    found.push(...rows.flatMap((row) => decisionIn(row, actions)));
    after = rows.at(-1) ?? null;
    if (rows.length < BATCH) break;
  }
  return found.slice(0, last);
}

function decisionIn(
  { action, content }: EntryRow,
  actions: readonly string[],
): readonly RecordedEntry[] {
  if (!actions.includes(action)) return [];
  const entry = entryIn(content);
  return entry !== null && entry.actor.kind !== BY_ITSELF ? [entry] : [];
}

/**
 * @param db - audit log
 * @param subject - whose rules: as the entry names them
 * @returns since when those rules are in force that are on record now; `null`: none are
 */
export async function rulesSince(db: Queryable, subject: string): Promise<string | null> {
  return (await lastFact(db, "policy.changed", subject))?.at ?? null;
}

/**
 * @param entry - a decision
 * @returns what is told of it: not from where, and with which program
 */
export function toldOf({ at, action, actor, repository, tag, digest }: RecordedEntry) {
  const { uid, realm, kind } = actor;
  return { at, action, by: { uid, realm, kind }, repository, tag, digest };
}
