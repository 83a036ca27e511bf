import type { Command } from "commander";
import { callAs, withQuery, type AnswerOf } from "../api/described-answers.js";
import type { Column, Row, Shown } from "../output/shown.js";
import { shownReport } from "./audit-report.js";
import { UsageFault } from "../exit/faults.js";
import { examples } from "./examples.js";
import type { Run, Shell } from "./shell.js";
import { whoCan } from "./who-can.js";
import { oneOf, plainWord, sinceOption } from "./words.js";

/** A question as options say it; text alone, since it becomes a query. */
type Said = Readonly<Record<string, string | undefined>>;
type QuestionId = "audit.who-pulled" | "audit.who-could" | "audit.changes" | "audit.report";

const CSV = ["--csv", "tables for a spreadsheet, to standard output"] as const;
/** A registry may have much to look through. */
const ANSWER_SECONDS = 600;

/**
 * @param audit - the command `audit`
 * @param run - makes of what a command does what commander calls
 */
export function addAuditQuestions(audit: Command, run: Run): void {
  audit
    .command("who-pulled <image>")
    .summary("who pulled an image?")
    .description(
      "Who pulled an image, from where and when: of a tag all that it meant, of an image the indexes that it is in, too. " +
        "It is named as repository@digest, digest or repository:tag.",
    )
    .option("--from <time>", "then or later", sinceOption)
    .option("--to <time>", "before then", sinceOption)
    .option(...CSV)
    .addHelpText("after", examples("wharf audit who-pulled alpha/app:1.0 --from 30d"))
    .action(
      run<Said & { csv?: boolean }>((shell, [image], { csv, from, to }) =>
        answered(shell, "audit.who-pulled", { image, from, to }, csv, shownPulls),
      ),
    );
  addWhoCould(audit, run);
  audit
    .command("changes")
    .summary("what changed who may do what")
    .description("Rules with their difference, logins, settings, robots, keys and modes.")
    .option("--from <time>", "then or later; else 30 days before", sinceOption)
    .option("--to <time>", "before then; else now", sinceOption)
    .option(...CSV)
    .addHelpText("after", examples("wharf audit changes --from 90d"))
    .action(
      run<Said & { csv?: boolean }>((shell, _words, { csv, from, to }) =>
        answered(shell, "audit.changes", { from, to }, csv, shownChanges),
      ),
    );
  audit
    .command("report")
    .summary("a quarter in figures")
    .description(
      "Logins, robots, administrators, refusals, drift and checkpoints of a quarter. What verify says is told where the " +
        "installation is, by npm run audit -- report.",
    )
    .requiredOption("--quarter <quarter>", "as 2026Q4")
    .option(...CSV)
    .addHelpText("after", examples("wharf audit report --quarter 2026Q4 --csv > q4.csv"))
    .action(
      run<Said & { csv?: boolean }>((shell, _words, { csv, quarter }) =>
        answered(shell, "audit.report", { quarter }, csv, shownReport),
      ),
    );
}

function addWhoCould(audit: Command, run: Run): void {
  audit
    .command("who-could <action> <repository>")
    .summary("who could do it then, and by which rule?")
    .description(
      "Who could pull, push or delete at a moment, by the rules of then. With --uid whether somebody could; their teams are " +
        "those that are said, or that the logins file of then names them in.",
    )
    .option("--at <time>", "when; else now", sinceOption)
    .option("--uid <name>", "somebody")
    .option("--realm <realm>", "of that name", "/employees")
    .option("--kind <kind>", "of login", "oauth2")
    .option("--team <names>", "teams that they were in, with commas")
    .option("--scope <names>", "scopes of their token, with commas")
    .option("--address <address>", "from where")
    .option(...CSV)
    .addHelpText(
      "after",
      examples("wharf audit who-could push alpha/app --at 2026-11-20 --uid bob --team beta"),
    )
    .action(
      run<Said & { csv?: boolean }>((shell, [action = "", name], { csv, ...said }) => {
        const { at, uid, realm, kind, team, scope, address } = said;
        const [repository, tag] = plainTag(name);
        const somebody = uid === undefined ? {} : { uid, realm, kind, team, scope, address };
        oneOf(["pull", "push", "delete"])(action);
        const query = { action, repository, tag, at, ...somebody };
        return answered(shell, "audit.who-could", query, csv, shownWhoCould);
      }),
    );
}

async function answered<Id extends QuestionId>(
  shell: Shell,
  id: Id,
  query: Said,
  csv: boolean | undefined,
  show: (answer: AnswerOf<Id>) => Shown,
): Promise<Shown | null> {
  const client = await shell.client();
  const path = id.replace(".", "/");
  if (csv !== true) {
    const asked = { id, path: withQuery(`/${path}`, query), seconds: ANSWER_SECONDS };
    return show(await callAs(client, asked));
  }
  if (shell.globals.output !== undefined) throw new UsageFault("--csv and -o: only one of them");
  const target = withQuery(`/api/v1/${path}`, { ...query, format: "csv" });
  const signal = AbortSignal.timeout(ANSWER_SECONDS * 1_000);
  shell.machine.terminal.out.write(await (await client.ask(target, { signal })).text());
  return null;
}

function shownPulls(answer: AnswerOf<"audit.who-pulled">): Shown {
  const { pulls, hasMore, notes } = answer;
  const columns: Column[] = [
    { key: "uid", head: "who" },
    { key: "address" },
    { key: "repository", kind: "name" },
    { key: "tag" },
    { key: "digest", kind: "digest", drop: 2 },
    { key: "count", kind: "number" },
    { key: "firstAt", head: "first", kind: "time", drop: 1 },
    { key: "lastAt", head: "last", kind: "time" },
  ];
  const rows: Row[] = pulls.map((pull) => ({ ...pull, uid: pull.uid === "" ? "-" : pull.uid }));
  const empty = "nobody, as far as it is on record";
  return { kind: "list", columns, rows, value: answer, empty, note: notes.join("\n"), hasMore };
}

/** As who can, with what is told of somebody above it. */
function shownWhoCould(answer: AnswerOf<"audit.who-could">): Shown {
  const { decision, rules, never, repository, notes, policy } = answer;
  const action = answer.action as "pull" | "push" | "delete";
  const shown = whoCan({ repository, actions: [{ action, never, rules }] });
  const words = { true: "yes", false: "no", "teams-needed": "cannot be known" };
  const verdict = decision === null ? [] : [`${words[`${decision.allow}`]}: ${decision.reason}`];
  const file = policy === null ? [] : [`${policy.path}, in force since ${policy.since}`];
  return { ...shown, value: answer, note: [...verdict, ...file, ...notes].join("\n") } as Shown;
}

function shownChanges(answer: AnswerOf<"audit.changes">): Shown {
  return {
    kind: "list",
    columns: [
      { key: "at", head: "when", kind: "time" },
      { key: "action", kind: "name", drop: 1 },
      { key: "subject" },
      { key: "by", head: "who" },
      { key: "what" },
    ],
    rows: answer.changes.flatMap(({ what, ...change }) =>
      what.map((one): Row => ({ ...change, what: one })),
    ),
    ...{ value: answer, empty: "nothing changed", note: answer.notes.join("\n") },
    hasMore: answer.hasMore,
  };
}

function plainTag(word: string | undefined): readonly [string, string | undefined] {
  const [name, tag] = (word ?? "").split(":");
  return [plainWord(name, "REPOSITORY"), tag];
}
