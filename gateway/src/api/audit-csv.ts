import { csvLine } from "#audit-log/csv.js";
import type { EntryRow } from "#audit-log/sql/entries.js";

const COLUMNS = [
  ...["at", "action", "uid", "realm", "kind", "address", "repository", "tag", "digest"],
  ...["reason", "detail", "chain", "position", "hash"],
] as const;

/** The first line of an export (RFC 4180). */
export const CSV_HEAD = `${COLUMNS.join(",")}\r\n`;

/**
 * @param row - an entry of the audit log
 * @returns it as a line of a table
 */
export function csvOfEntry({ at, chain, position, hash, content }: EntryRow): string {
  const entry = readable(content);
  const actor = objectIn(entry["actor"]);
  const { detail } = entry;
  const values: Record<(typeof COLUMNS)[number], unknown> = {
    ...{ at, chain, position, hash: hash.toString("hex") },
    ...{ action: entry["action"], uid: actor["uid"], realm: actor["realm"], kind: actor["kind"] },
    ...{ address: actor["address"], repository: entry["repository"], tag: entry["tag"] },
    ...{ digest: entry["digest"], reason: entry["reason"] },
    detail: detail === undefined ? content : JSON.stringify(detail),
  };
  return csvLine(COLUMNS.map((name) => values[name]));
}

function readable(content: string): Readonly<Record<string, unknown>> {
  try {
    return objectIn(JSON.parse(content));
  } catch {
    return {};
  }
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
}
