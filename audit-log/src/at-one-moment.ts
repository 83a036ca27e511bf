import { z } from "zod";
import type { Queryable } from "#service-kit/db/pool.js";
import { lastFact } from "./known-facts.js";
import { readContent } from "./sql/followed-files.js";

/** Whose settings are on record. */
const SERVICES = ["gateway", "token-server"];

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
  const fact = await lastFact(db, "policy.changed", subject, at);
  if (fact === null) return null;
  const { fingerprint: sha256, detail } = fact;
  const path = z.string().catch("").parse(detail["path"]);
  return { since: fact.at, path, sha256, content: await readContent(db, sha256) };
}

/**
 * @param db - the audit log
 * @param at - a moment
 * @returns settings that decided then, by service, those that were given; a service that is not on record is not there
 */
export async function settingsOf(
  db: Queryable,
  at: Date,
): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
  const found = await Promise.all(SERVICES.map((service) => settingsFactAt(db, service, at)));
  return Object.fromEntries(
    found.flatMap((one) => (one === null ? [] : [[one.service, one.settings]])),
  );
}

/**
 * @param db - the audit log
 * @param at - a moment
 * @returns what decided then, of each service, as lines for people
 */
export async function settingsAt(db: Queryable, at: Date): Promise<string[]> {
  const lines: string[] = [];
  for (const service of SERVICES) {
    const found = await settingsFactAt(db, service, at);
    if (found === null) continue;
    const given = Object.entries(found.settings).map(([name, value]) => `  ${name}=${value}`);
    lines.push(
      `${service}, since ${found.since}`,
      ...(given.length === 0 ? ["  as without any"] : given),
    );
  }
  return lines;
}

async function settingsFactAt(db: Queryable, service: string, at: Date) {
  const fact = await lastFact(db, "settings.changed", service, at);
  if (fact === null) return null;
  const settings = z.record(z.string(), z.string()).safeParse(fact.detail["settings"]).data ?? {};
  return { service, since: fact.at, settings };
}
