import type { Guard } from "./guard.js";
import { judgementOf } from "./judged.js";
import type { Outcome } from "./notice.js";

/** What a run found, for people. */
export interface Report {
  readonly summary: string;
  /** The whole list, in Markdown. */
  readonly text: string;
}

/**
 * @param guards - all guards
 * @param outcomes - what became of those that were taken out, by id
 * @returns numbers, and guard by guard who noticed
 */
export function reportOf(guards: readonly Guard[], outcomes: ReadonlyMap<string, Outcome>): Report {
  const rows = guards.flatMap((guard) => {
    const outcome = outcomes.get(guard.id);
    return outcome === undefined ? [] : [{ guard, outcome, reason: judgementOf(guard) }];
  });
  const count = (wanted: (row: (typeof rows)[number]) => boolean) => rows.filter(wanted).length;
  const by = (folder: string) =>
    count(({ outcome }) => outcome.is === "noticed" && outcome.test.startsWith(folder));
  const open = (is: string, judged: boolean) =>
    count(({ outcome, reason }) => outcome.is === is && (reason !== null) === judged);
  const table = [
    ["guards", rows.length],
    ["noticed by a unit test", by("tests/unit/")],
    ["noticed by an integration test", by("tests/integration/")],
    ["noticed by an attack", by("tests/attacks/")],
    ["not noticed, and why that is right", open("survived", true) + open("not shown", true)],
    ["not noticed (survived)", open("survived", false)],
    ["not shown (hung, slow, broken)", open("not shown", false)],
  ];
  const summary = [
    "| | number |",
    "|---|---|",
    ...table.map(([what, number]) => `| ${what} | ${number} |`),
  ].join("\n");
  const list = rows.map(({ guard, outcome, reason }) => {
    const where = `${guard.file}:${guard.line}`;
    const cells = [where, code(guard.text), guard.removal.to, said(outcome, reason)];
    return `| ${cells.join(" | ")} |`;
  });
  const text = `# One guard out: the last run

How it is run and what it means: docs/mutants.md. Made by \`npm run mutants\`.

${summary}

| where | guard | taken out as | noticed by |
|---|---|---|---|
${list.join("\n")}
`;
  return { summary, text };
}

function said(outcome: Outcome, reason: string | null): string {
  if (outcome.is === "noticed")
    return `${outcome.test.replace(/^tests\//, "")} › ${cell(outcome.title)}`;
  if (reason !== null) return `nobody: ${cell(reason)}`;
  return outcome.is === "survived" ? "**SURVIVED**" : `**not shown**: ${cell(outcome.why)}`;
}

function code(text: string): string {
  return `\`${cell(text.length > 90 ? `${text.slice(0, 87)}...` : text).replaceAll("`", "'")}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").slice(0, 200);
}
