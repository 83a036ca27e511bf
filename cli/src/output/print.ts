import { exactText, readableText } from "./cells.js";
import type { Form, Shown, ShownList, ShownRecord } from "./shown.js";
import { tableOf } from "./table.js";
import type { Terminal } from "./terminal.js";
import { pad, printable, styled, widthOf } from "./text.js";
import { yamlOf } from "./yaml.js";

/**
 * Writes results to standard output, one on a line, and what is said about them to standard error.
 *
 * @param terminal - where
 * @param shown - what
 * @param form - `null`: a table on a terminal, else tab-separated values
 */
export function print(terminal: Terminal, shown: Shown, form: Form | null): void {
  write(terminal, shown, form);
  // Whoever reads a pipe would take a part for the whole.
  if (shown.kind === "list" && shown.hasMore === true)
    terminal.err.write(`the first ${shown.rows.length}: --limit shows more\n`);
}

function write(terminal: Terminal, shown: Shown, form: Form | null): void {
  const written = form ?? (terminal.isInteractive ? "table" : "tsv");
  switch (written) {
    case "json":
      terminal.out.write(`${JSON.stringify(valueOf(shown), null, 2)}\n`);
      return;
    case "yaml":
      terminal.out.write(`${yamlOf(valueOf(shown)).trimStart()}\n`);
      return;
    case "tsv":
      writeLines(terminal, tabbed(shown));
      return;
    case "table":
      printReadable(terminal, shown);
  }
}

function valueOf(shown: Shown): unknown {
  return shown.kind === "list" ? (shown.value ?? shown.rows) : shown.value;
}

function tabbed(shown: Shown): readonly string[] {
  switch (shown.kind) {
    case "list":
      return shown.rows.map((row) =>
        shown.columns.map(({ key }) => exactText(row[key])).join("\t"),
      );
    case "record":
      return shown.fields.map(([name, value]) => `${name}\t${exactText(value)}`);
    case "lines":
      return shown.lines.map(printable);
  }
}

function printReadable(terminal: Terminal, shown: Shown): void {
  switch (shown.kind) {
    case "list":
      printTable(terminal, shown);
      return;
    case "record":
      writeLines(terminal, fieldsOf(shown, terminal.hasColours));
      return;
    case "lines":
      writeLines(terminal, shown.lines.map(printable));
  }
}

function printTable(terminal: Terminal, shown: ShownList): void {
  if (shown.rows.length === 0 && terminal.isInteractive) {
    terminal.err.write(`${shown.empty}\n`);
    return;
  }
  const { lines, left } = tableOf(shown.columns, shown.rows, terminal);
  writeLines(terminal, lines);
  if (!terminal.isInteractive) return;
  if (shown.note !== undefined) terminal.err.write(`${shown.note}\n`);
  if (left.length > 0)
    terminal.err.write(`left out for lack of room: ${left.join(", ")} (-o json has all)\n`);
}

function fieldsOf({ fields }: ShownRecord, hasColours: boolean): readonly string[] {
  const width = Math.max(...fields.map(([name]) => widthOf(name)));
  return fields.map(
    ([name, value, kind]) =>
      `${styled("bold", pad(name, width), hasColours)}  ${readableText(value, kind ?? "text")}`,
  );
}

function writeLines(terminal: Terminal, lines: readonly string[]): void {
  if (lines.length > 0) terminal.out.write(`${lines.join("\n")}\n`);
}
