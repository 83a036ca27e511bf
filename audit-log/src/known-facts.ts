import { z } from "zod";
import type { Queryable } from "#service-kit/db/pool.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import type { AuditAction } from "./entry.js";
import type { PageEnd } from "./sql/entries.js";
import { readFacts, type FactRow } from "./sql/facts.js";

/** Kinds of what is decided outside of the database. */
export type FactAction = Extract<
  AuditAction,
  "policy.changed" | "settings.changed" | "key.rotated"
>;

/** A fact on record. */
export interface KnownFact {
  /** Since when, RFC 3339. */
  readonly at: string;
  readonly fingerprint: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const factSchema = z.object({
  at: z.string(),
  detail: z.looseObject({ subject: z.string(), fingerprint: z.string() }),
});

const BATCH = 100;

/**
 * @param db - audit log
 * @param action - its kind
 * @param subject - what it is about
 * @param until - a moment; `null`: now
 * @returns the last one on record by then, however often other subjects have changed since; `null`: none is
 */
export async function lastFact(
  db: Queryable,
  action: FactAction,
  subject: string,
  until: Date | null = null,
): Promise<KnownFact | null> {
  return newestOf(db, { action, subject, until, before: null });
}

/**
 * @param db - audit log
 * @param action - its kind
 * @param subject - what it is about
 * @param place - an entry
 * @returns the last one on record before that entry; `null`: none is
 */
export async function factBefore(
  db: Queryable,
  action: FactAction,
  subject: string,
  place: PageEnd,
): Promise<KnownFact | null> {
  return newestOf(db, { action, subject, until: null, before: place });
}

async function newestOf(
  db: Queryable,
  asked: {
    readonly action: FactAction;
    readonly subject: string;
    readonly until: Date | null;
    readonly before: PageEnd | null;
  },
): Promise<KnownFact | null> {
  const { action, subject, until } = asked;
  let { before } = asked;
  for (;;) {
    const rows: FactRow[] = await readFacts(db, action, { until, before, limit: BATCH });
    for (const { content } of rows) {
      const fact = factSchema.safeParse(jsonOrNull(content)).data;
      if (fact?.detail.subject !== subject) continue;
      const { at, detail } = fact;
      return { at, fingerprint: detail.fingerprint, detail };
    }
    before = rows.at(-1) ?? null;
    if (rows.length < BATCH) return null;
  }
}
