import { insteadOf, type Guard } from "./guard.js";
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
  const rows: Row[] = guards.flatMap((guard) => {
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
    ["a test waits in vain without it", open("waited for", false)],
    ["not noticed, and why that is right", rows.filter(isJudged).length],
    ["not noticed", open("survived", false)],
    ["not shown: a test file hung or broke", open("not shown", false)],
    ["new since the last run, not asked yet", open("new", false)],
  ] as const;
  const summary = [
    "| | number |",
    "|---|---|",
    ...table.map(([what, number]) => `| ${what} | ${number} |`),
  ].join("\n");
  const text = `# One guard out: the last run

How it is run and what it means: docs/mutants.md. Made by \`npm run mutants\`.

${summary}

${folderTable(rows)}

## Not noticed

Those that nobody was asked about are listed by \`npm run mutants -- --list-new\`.

${listOf(rows.filter(isOpen))}

## Not noticed, and why that is right

${listOf(rows.filter(isJudged))}
`;
  return { summary, text };
}

interface Row {
  readonly guard: Guard;
  readonly outcome: Outcome;
  /** Why nobody can notice. */
  readonly reason: string | null;
}

/** Asked about, and noticed by nobody. */
function isOpen({ outcome, reason }: Row): boolean {
  return outcome.is !== "noticed" && outcome.is !== "new" && reason === null;
}

function isJudged({ outcome, reason }: Row): boolean {
  return outcome.is !== "noticed" && reason !== null;
}

function folderTable(rows: readonly Row[]): string {
  const folderOf = ({ guard }: Row) => guard.file.split("/").slice(0, -1).slice(0, 3).join("/");
  const folders = [...new Set(rows.map(folderOf))].map((folder) => {
    const own = rows.filter((row) => folderOf(row) === folder);
    const noticed = own.filter(({ outcome }) => outcome.is === "noticed").length;
    const judged = own.filter(isJudged).length;
    return [folder, own.length, noticed, judged, own.length - noticed - judged];
  });
  return [
    "| where | guards | noticed | judged | neither |",
    "|---|---|---|---|---|",
    ...folders.map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}

function listOf(rows: readonly Row[]): string {
  if (rows.length === 0) return "None.";
  return rows
    .map(({ guard: { file, text, removal }, outcome, reason }) => {
      const what = `${file}: ${code(text)} (${insteadOf(removal)})`;
      return `- ${what}: ${reason ?? said(outcome)}`;
    })
    .join("\n");
}

function said(outcome: Outcome): string {
  switch (outcome.is) {
    case "noticed":
      return `${outcome.test} › ${outcome.title}`;
    case "new":
      return "not asked yet";
    case "survived":
      return `${outcome.tests} test files pass`;
    case "waited for":
      return `${outcome.test} waits in vain`;
    case "not shown":
      return outcome.why;
  }
}

function code(text: string): string {
  return `\`${cell(text.length > 90 ? `${text.slice(0, 87)}...` : text).replaceAll("`", "'")}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").slice(0, 200);
}
