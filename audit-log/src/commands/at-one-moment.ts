import { z } from "zod";
import type { Queryable } from "#service-kit/db/pool.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { factsUntil, readContent } from "../sql/followed-files.js";

const factSchema = z.object({
  at: z.string(),
  detail: z.looseObject({ subject: z.string(), fingerprint: z.string() }),
});

type Fact = z.output<typeof factSchema>;

/** A file that decided who may do what. */
export interface FileThen {
  /** Since when, RFC 3339. */
  readonly since: string;
  readonly path: string;
  readonly sha256: string;
  /** `null`: it went on record when contents were not kept yet. */
  readonly content: string | null;
}

/**
 * @param db - the audit log
 * @param subject - as entries name the file
 * @param at - a moment
 * @returns the file that was in force then; `null`: none is on record
 */
export async function fileAt(db: Queryable, subject: string, at: Date): Promise<FileThen | null> {
  const fact = (await factsAt(db, "policy.changed", at)).get(subject);
  if (fact === undefined) return null;
  const { fingerprint: sha256, path } = fact.detail;
  const content = await readContent(db, sha256);
  return { since: fact.at, path: typeof path === "string" ? path : "", sha256, content };
}

/**
 * @param db - the audit log
 * @param at - a moment
 * @returns what decided then, of each service, as lines for people
 */
export async function settingsAt(db: Queryable, at: Date): Promise<string[]> {
  const facts = await factsAt(db, "settings.changed", at);
  return [...facts].flatMap(([service, { at: since, detail }]) => {
    const settings = z.record(z.string(), z.string()).safeParse(detail["settings"]).data ?? {};
    const lines = Object.entries(settings).map(([name, value]) => `  ${name}=${value}`);
    return [`${service}, since ${since}`, ...(lines.length === 0 ? ["  as without any"] : lines)];
  });
}

/** @returns by subject, the last of each */
async function factsAt(
  db: Queryable,
  action: "policy.changed" | "settings.changed",
  at: Date,
): Promise<Map<string, Fact>> {
  const facts = new Map<string, Fact>();
  for (const content of await factsUntil(db, action, at.toISOString())) {
    const fact = factSchema.safeParse(jsonOrNull(content));
    if (fact.success && !facts.has(fact.data.detail.subject))
      facts.set(fact.data.detail.subject, fact.data);
  }
  return facts;
}
