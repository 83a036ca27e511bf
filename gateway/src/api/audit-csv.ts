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
  return `${COLUMNS.map((name) => csvCell(values[name])).join(",")}\r\n`;
}

/**
 * A spreadsheet takes what begins with one of these for a formula, and would run what somebody wrote into a name: behind an
 * apostrophe it is text (OWASP, "CSV Injection").
 *
 * @param value - what stands in a cell
 * @returns the cell
 */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const plain = /^[\s]*[=+\-@\t\r|%]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
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
