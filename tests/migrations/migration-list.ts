import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

/** What every migration was when it came, in that order; `sha256sum --check` reads it as well. */
export const MIGRATION_LIST = "deploy/sql/migrations.sha256";

const FOLDERS = ["audit-log/sql", "gateway/sql", "token-server/sql"];
/** Up to this one names were in another order than migrations came in; databases were made in between. */
const LAST_UNORDERED = "gateway/sql/000141_late_deletions.sql";

/** A migration's path and what is in it. */
export interface ListedMigration {
  readonly path: string;
  readonly sha256: string;
}

/** @returns the migrations that there are, in the order of their numbers */
export function presentMigrations(): ListedMigration[] {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(REPOSITORY_ROOT, folder))
      .filter((file) => file.endsWith(".sql"))
      .map((file) => `${folder}/${file}`),
  );
  return paths
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((path) => ({ path, sha256: sha256Of(readFileSync(join(REPOSITORY_ROOT, path))) }));
}

/**
 * @param text - of the list
 * @returns what is listed
 */
export function parseList(text: string): ListedMigration[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ sha256: line.slice(0, 64), path: line.slice(66) }));
}

/**
 * @param migrations - in the order in which they came
 * @returns the list's text
 */
export function formatList(migrations: readonly ListedMigration[]): string {
  return migrations.map(({ sha256, path }) => `${sha256}  ${path}\n`).join("");
}

/**
 * @param listed - what is in the list
 * @param present - what there is
 * @returns what was done to migrations that must not be, and what new ones lack; none when all is well
 */
export function faultsOf(
  listed: readonly ListedMigration[],
  present: readonly ListedMigration[],
): string[] {
  const found = new Map(present.map(({ path, sha256 }) => [path, sha256]));
  const known = new Set(listed.map(({ path }) => path));
  const kept = listed.flatMap(({ path, sha256 }) => {
    const now = found.get(path);
    if (now === undefined) return [`${path} is gone: databases have it, and never lose it`];
    return now === sha256 ? [] : [`${path} was edited: databases keep what it was, so write a new migration`]; // prettier-ignore
  });
  const missing = present
    .filter(({ path }) => !known.has(path))
    .map(({ path }) => `${path} is not listed: npm run migrations:list`);
  return [...kept, ...missing, ...lateNumbers(listed)];
}

/** All schemas are counted by one counter. */
function lateNumbers(listed: readonly ListedMigration[]): string[] {
  const ordered = listed.findIndex(({ path }) => path === LAST_UNORDERED) + 1;
  return listed.flatMap(({ path }, index) => {
    const newest = Math.max(0, ...listed.slice(0, index).map((one) => numberOf(one.path)));
    if (index < ordered || numberOf(path) > newest) return [];
    return [`${path} came after ${newest}: give it a number above that`];
  });
}

function numberOf(path: string): number {
  return Number(/\/(\d{6})_[^/]*$/.exec(path)?.[1] ?? Number.NaN);
}

function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
