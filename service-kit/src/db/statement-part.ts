import type { Part } from "../trace.js";
import type { StatementName } from "./statement-names.js";

/** A transaction, with the wait for its connection; its statements stand beside it. */
export const TRANSACTION_PART: Part = {
  kind: "database",
  name: "TRANSACTION",
  facts: { "db.query.summary": "TRANSACTION" },
};

const OPERATION = /^\s*(?:--.*\n\s*)*([a-z]+)/i;
const TARGET = /\b(?:from|into|update)\s+(?:only\s+)?([a-z_]+(?:\.[a-z_]+)?)/i;

/**
 * What is shown of a statement (OpenTelemetry, "Semantic conventions for database client spans"): a summary, and nothing of its
 * parameters.
 *
 * @param sql - the statement
 * @param name - one that is run all the time has a name
 * @returns the part
 */
export function statementPart(sql: string, name?: StatementName): Part {
  const operation = (OPERATION.exec(sql)?.[1] ?? "SQL").toUpperCase();
  const target = TARGET.exec(sql)?.[1];
  const summary = name ?? (target === undefined ? operation : `${operation} ${target}`);
  return {
    kind: "database",
    name: summary,
    facts: { "db.query.summary": summary, "db.operation.name": operation },
  };
}
