import type { AnswerOf } from "../api/described-answers.js";
import { lines, type ShownLines } from "../output/shown.js";

type Report = AnswerOf<"audit.report">;

/**
 * @param report - a quarter in figures
 * @returns it as lines
 */
export function shownReport(report: Report): ShownLines {
  const { checkpoints, administrators, notes } = report;
  const text = [
    `${report.quarter}, from ${report.from} to ${report.to}`,
    `${report.entries} entries, ${report.changes} changes of who may do what, ${checkpoints.count} checkpoints`,
    ...section("administrators", Object.entries(administrators).map(teamLine)),
    ...section("logins", report.logins.map(loginLine)),
    ...section("robots", report.robots.map(robotLine)),
    ...section("refusals", report.refusals.map(countedLine)),
    ...section("failed logins", report.failedLogins.map(countedLine)),
    ...section("drift", report.drift.map(countedLine)),
    ...notes,
  ];
  return lines(text, report);
}

function section(title: string, entries: readonly string[]): string[] {
  return [`${title}: ${entries.length}`, ...entries.map((entry) => `  ${entry}`)];
}

function teamLine([team, members]: readonly [string, readonly string[]]): string {
  return members.length === 0 ? `team ${team}` : `team ${team}: ${members.join(", ")}`;
}

function loginLine({ uid, realm, kind, entries, pulls, lastAt }: Report["logins"][number]): string {
  const who = uid === "" ? kind : `${uid} (${realm}, ${kind})`;
  return `${who}: ${entries} entries, ${pulls} pulls, last ${lastAt}`;
}

function robotLine(robot: Report["robots"][number]): string {
  const { login, team, ageDays, lastUsedAt, expiresAt, disabledAt } = robot;
  const age = ageDays === null ? "of unknown age" : `${ageDays} days old`;
  const ends = disabledAt === null ? `until ${expiresAt ?? "?"}` : `disabled ${disabledAt}`;
  return `${login} of team ${team}: ${age}, last used ${lastUsedAt ?? "never"}, ${ends}`;
}

function countedLine({ kind, count, lastAt }: Report["refusals"][number]): string {
  return `${count} ${kind}, last ${lastAt}`;
}
