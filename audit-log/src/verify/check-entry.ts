import { z } from "zod";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { entryHash } from "../chain.js";
import type { EntryRow } from "../sql/entries.js";

/** What of an entry's content is repeated in columns. */
const contentSchema = z.object({
  at: z.iso.datetime(),
  action: z.string(),
  repository: z.string().nullable(),
});

/**
 * @param row - an entry as it is stored
 * @param expected - its position and the hash of the entry before
 * @returns what is wrong with it, or `null`
 */
export function faultOf(
  row: EntryRow,
  expected: { readonly position: number; readonly previousHash: Buffer },
): string | null {
  if (row.position !== expected.position) return `missing; the next one is ${row.position}`;
  if (!row.previousHash.equals(expected.previousHash))
    return `does not continue ${beforeIt(row)}: one of the two was changed`;
  if (!entryHash(row.previousHash, row.content).equals(row.hash))
    return "changed: its hash is not that of its content";
  return contentFaultOf(row);
}

function beforeIt({ position }: EntryRow): string {
  return position === 1 ? "the beginning of its chain" : `entry ${position - 1}`;
}

function contentFaultOf(row: EntryRow): string | null {
  const parsed = contentSchema.safeParse(jsonOrNull(row.content));
  if (!parsed.success) return "not an entry: its content cannot be understood";
  const { at, action, repository } = parsed.data;
  if (inMicroseconds(at) !== row.at) return `column "at" (${row.at}) is not what the content says`;
  if (action !== row.action) return 'column "action" is not what the content says';
  if (repository !== row.repository) return 'column "repository" is not what the content says';
  return null;
}

/** Entries of the first days were dated in milliseconds. */
function inMicroseconds(at: string): string {
  return at.replace(/\.(\d{1,6})Z$/, (_, fraction: string) => `.${fraction.padEnd(6, "0")}Z`);
}
