import type { CountedKind } from "./counted-entries.js";
import type { QuarterReport } from "./report.js";
import type { AnswerTable, ShownAnswer } from "./table.js";

/**
 * @param report - a quarter
 * @returns it as tables
 */
export function reportShown(report: QuarterReport): ShownAnswer {
  const { quarter, from, to, entries, changes, checkpoints, verified, notes } = report;
  const { count, first, last, firstAt, lastAt, mostEntries } = checkpoints;
  return {
    tables: [
      {
        title: `report for ${quarter}`,
        columns: ["what", "value"],
        rows: [
          ["from", from],
          ["to", to],
          ["entries", entries],
          ["changes of who may do what", changes],
          ["checkpoints", count],
          ["first checkpoint", first === null ? null : `${first} at ${iso(firstAt)}`],
          ["last checkpoint", last === null ? null : `${last} at ${iso(lastAt)}`],
          ["most entries between two checkpoints", mostEntries],
          ...(verified ?? []).map((line) => ["verify", line]),
        ],
      },
      loginsTable(report),
      robotsTable(report),
      administratorsTable(report),
      countedTable("entries by action", report.actions),
      countedTable("refusals", report.refusals),
      countedTable("failed logins", report.failedLogins),
      countedTable("drift", report.drift),
    ],
    notes,
  };
}

function loginsTable({ logins }: QuarterReport): AnswerTable {
  const columns = ["uid", "realm", "kind", "entries", "pulls", "firstAt", "lastAt"] as const;
  return { title: "logins", columns, rows: logins.map((one) => columns.map((key) => one[key])) };
}

function robotsTable({ robots }: QuarterReport): AnswerTable {
  const columns = [
    ...(["login", "team", "createdBy", "createdAt", "ageDays", "rotatedAt", "lastUsedAt"] as const),
    ...(["expiresAt", "disabledAt"] as const),
  ];
  return { title: "robots", columns, rows: robots.map((one) => columns.map((key) => one[key])) };
}

function administratorsTable({ administrators }: QuarterReport): AnswerTable {
  return {
    title: "administrators",
    columns: ["team", "members that the logins file names"],
    rows: Object.entries(administrators).map(([team, members]) => [team, members.join(", ")]),
  };
}

function countedTable(title: string, counted: readonly CountedKind[]): AnswerTable {
  const columns = ["kind", "count", "firstAt", "lastAt"] as const;
  return { title, columns, rows: counted.map((one) => columns.map((key) => one[key])) };
}

function iso(at: Date | null): string {
  return at?.toISOString() ?? "";
}
