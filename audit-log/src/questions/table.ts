import { csvLine } from "../csv.js";
import { printable } from "../printable.js";

/** A part of an answer as a table. */
export interface AnswerTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** An answer as people read it. */
export interface ShownAnswer {
  readonly tables: readonly AnswerTable[];
  /** What has to be known besides: above all, what cannot be known. */
  readonly notes: readonly string[];
}

/**
 * @param answer - an answer
 * @returns it as text: each table with its title, the columns one below the other, then the notes
 */
export function asText({ tables, notes }: ShownAnswer): string {
  const parts = tables.map(({ title, columns, rows }) => {
    if (rows.length === 0) return `${title}: none\n`;
    const lines = [columns, ...rows].map((row) => row.map(cell));
    const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
    const text = lines.map((line) =>
      line
        .map((one, at) => one.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    );
    return `${title}:\n${text.map((line) => `  ${line}\n`).join("")}`;
  });
  return [...parts, notes.map((note) => `${printable(note)}\n`).join("")]
    .filter((part) => part !== "")
    .join("\n");
}

/**
 * @param answer - an answer
 * @returns it as CSV (RFC 4180) in which a spreadsheet finds no formula: each line begins with the name of its table
 */
export function asCsv({ tables, notes }: ShownAnswer): string {
  const lines = tables.flatMap(({ title, columns, rows }) => [
    csvLine(["table", ...columns]),
    ...rows.map((row) => csvLine([title, ...row])),
  ]);
  return [...lines, ...notes.map((note) => csvLine(["note", note]))].join("");
}

function cell(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return printable(text);
}
