import type { ItemOf } from "../api/described-answers.js";
import { readItems } from "../api/pages.js";
import { UsageFault } from "../exit/faults.js";
import type { Row, Shown } from "../output/shown.js";
import { addAuditQuestions } from "./audit-questions.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";
import { oneOf, sinceOption, wholeNumber } from "./words.js";

interface AuditOptions {
  readonly since?: string;
  readonly until?: string;
  readonly repository?: string;
  readonly action?: string;
  readonly actor?: string;
  readonly tag?: string;
  readonly digest?: string;
  readonly export?: string;
  readonly limit: number;
}

/** `audit`: the audit log, for administrators. */
export const addAudit: AddCommands = (program, run) => {
  const audit = program.command("audit");
  audit
    .summary("the audit log; for administrators")
    .description(
      "What was done, and by whom, the newest first; for administrators (ADMIN_TEAMS). --export writes all that fits to standard " +
        "output, the oldest first. The commands below answer what auditors ask.",
    )
    .option("--since <time>", "of then or later: 90d, 12h, 2026-11-20T12:00:00Z", sinceOption)
    .option("--until <time>", "of before then", sinceOption)
    .option("--repository <name>", "in one repository")
    .option("--action <action>", "what was done, as tag.pushed")
    .option("--actor <name>", "by whom")
    .option("--tag <tag>", "of a tag")
    .option("--digest <digest>", "of a digest")
    .option("--limit <number>", "how many at most", wholeNumber("a number", 1_000_000, 1), 100)
    .option("--export <form>", "ndjson, csv", oneOf(["ndjson", "csv"]))
    .addHelpText(
      "after",
      examples(
        "wharf audit --since 7d --action tag.refused",
        "wharf audit --since 90d --export csv > audit.csv",
      ),
    )
    .action(
      run<AuditOptions>((shell, _words, { export: form, limit, ...filters }) =>
        form === undefined ? listed(shell, filters, limit) : exported(shell, filters, form),
      ),
    );
  addAuditQuestions(audit, run);
};

type Filters = Readonly<Record<string, string | undefined>>;

async function listed(shell: Shell, filters: Filters, limit: number): Promise<Shown> {
  const asked = { query: said(filters), limit };
  const { items, hasMore } = await readItems<"audit.list">(await shell.client(), "/audit", asked);
  return {
    kind: "list",
    columns: [
      { key: "at", head: "when", kind: "time" },
      { key: "action", kind: "name" },
      { key: "actor", head: "who" },
      { key: "repository" },
      { key: "tag" },
      { key: "digest", kind: "digest", drop: 1 },
      { key: "reason", drop: 2 },
    ],
    ...{ rows: items.map(rowOf), value: items, empty: "no entries", hasMore },
  };
}

/** Written as it comes: an export has no bound. */
async function exported(shell: Shell, filters: Filters, format: string): Promise<null> {
  if (shell.globals.output !== undefined) throw new UsageFault("--export and -o: only one of them");
  const query = new URLSearchParams(Object.entries({ ...said(filters), format }));
  const answer = await (
    await shell.client()
  ).ask(`/api/v1/audit/export?${query.toString()}`, { signal: AbortSignal.timeout(3_600_000) });
  const decoder = new TextDecoder();
  const body = answer.body as ReadableStream<Uint8Array> | null;
  for await (const chunk of body ?? [])
    shell.machine.terminal.out.write(decoder.decode(chunk, { stream: true }));
  return null;
}

/** Only what was said: an empty filter would be another question. */
function said(filters: Filters): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** An entry has what its chain's hash is of, and of kinds that this wharf does not know less than a line shows. */
function rowOf({ entry }: ItemOf<"audit.list">): Row {
  const { at, action, actor, repository, tag, digest, reason } = entry as Row;
  const uid = (actor as { readonly uid?: string } | null | undefined)?.uid;
  return { at, action, actor: uid, repository, tag, digest, reason };
}
