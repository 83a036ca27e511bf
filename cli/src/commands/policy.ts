import { readFileSync } from "node:fs";
import { callAs, type AnswerOf, type BodyOf } from "../api/described-answers.js";
import { EXIT } from "../exit/exit-codes.js";
import { UsageFault } from "../exit/faults.js";
import type { Row, Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import { shownExplanation } from "./explain.js";
import type { AddCommands, Shell } from "./shell.js";
import { plainWord, wholeNumber } from "./words.js";

type Answer = AnswerOf<"policy.test">;
type Rules = Answer["changes"][number]["rules"];

interface TestOptions {
  readonly last: number;
  readonly tags?: boolean;
}

interface TryOptions {
  readonly uid: string;
  readonly team: readonly string[];
}

/** `policy`: what other rules would decide. */
export const addPolicy: AddCommands = (program, run) => {
  const policy = program
    .command("policy")
    .summary("what other rules would decide")
    .description("Holds other rules against what is on record; for administrators (ADMIN_TEAMS).")
    .addHelpText(
      "after",
      examples("wharf policy test policy.yaml", "wharf policy test tags.yaml --tags --last 1000"),
    );
  policy
    .command("test <file>")
    .summary("what would change by this file")
    .description(
      "Judges the newest decisions on record by the rules in a file, - is standard input. It ends with 0 when none would be " +
        "another, with 6 when some would. What cannot be told, since it depends on what is on no record, is listed as unknown.",
    )
    .option("--last <number>", "how many decisions", wholeNumber("a number", 1_000, 1), 200)
    .option("--tags", "the file has rules for tags (TAG_POLICY_FILE)")
    .addHelpText("after", examples("wharf policy test policy.yaml --last 1000 -o json"))
    .action(
      run<TestOptions>(async (shell, [file = "-"], options) => {
        const answer = await test(shell, file, options);
        tell(shell, answer);
        if (answer.changes.length > 0) process.exitCode = EXIT.VERIFICATION;
        return shownTest(answer);
      }),
    );
  policy
    .command("try <file> <action> <repository>")
    .summary("may somebody do that, by this file?")
    .description(
      "Whether somebody may pull, push or delete in a repository by the rules in a file (POLICY_FILE), and by which; - is " +
        "standard input. Without --uid it is nobody in particular.",
    )
    .option("--uid <name>", "who", "")
    .option("--team <name...>", "teams that they are in", [])
    .addHelpText(
      "after",
      examples("wharf policy try policy.yaml push alpha/app --uid bob --team beta"),
    )
    .action(
      run<TryOptions>(async (shell, [file = "-", action, repository], { uid, team }) => {
        const body = {
          action: plainWord(action, "ACTION") as BodyOf<"access.explain-for">["action"],
          repository: plainWord(repository, "REPOSITORY"),
          ...{ policy: await textOf(shell, file), address: null },
          identity: {
            ...({ uid, realm: "/employees", kind: uid === "" ? "anonymous" : "oauth2" } as const),
            ...{ teams: [...team], scopes: [], claims: {} },
          },
        };
        const asked = { id: "access.explain-for", method: "POST", path: "/explain", body } as const;
        return shownExplanation(await callAs(await shell.client(), asked));
      }),
    );
};

async function test(shell: Shell, file: string, { last, tags }: TestOptions): Promise<Answer> {
  const policy = await textOf(shell, file);
  const asked = { method: "POST", body: { policy, last } } as const;
  return callAs(
    await shell.client(),
    tags === true
      ? { ...asked, id: "policy.test-tags", path: "/tag-policy/test" }
      : { ...asked, id: "policy.test", path: "/policy/test" },
  );
}

async function textOf(shell: Shell, file: string): Promise<string> {
  if (file === "-") return shell.machine.readInput();
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new UsageFault(`${file} cannot be read`);
  }
}

function tell({ machine: { terminal } }: Shell, answer: Answer): void {
  const { looked, since, same, changes, unknown, warnings } = answer;
  for (const warning of warnings) terminal.err.write(`${warning}\n`);
  const until = since === null ? "" : ` since ${since}`;
  terminal.err.write(
    `${looked} decisions${until}: ${same} the same, ${changes.length} others, ${unknown.length} unknown\n`,
  );
}

/**
 * @param answer - what the registry says
 * @returns a line for each decision that would be another, or of which that cannot be told
 */
function shownTest(answer: Answer): Shown {
  const changes = answer.changes.map((change) => ({
    ...rowOf(change),
    becomes: change.allow ? "allowed" : "denied",
    by: namesOf(change.rules),
    instead: namesOf(change.rulesInForce),
  }));
  const unknown = answer.unknown.map((one) => ({
    ...rowOf(one),
    ...{ becomes: "unknown", by: `depends on ${one.dependsOn.join(", ")}`, instead: null },
  }));
  return {
    kind: "list",
    columns: [
      { key: "at", head: "when", kind: "time" },
      { key: "action", kind: "name" },
      { key: "what" },
      { key: "who" },
      { key: "becomes", kind: "name" },
      { key: "by" },
      { key: "instead", head: "in place of", drop: 1 },
    ],
    ...{ rows: [...changes, ...unknown], value: answer, empty: "nothing would change" },
  };
}

function rowOf({
  at,
  action,
  by,
  repository,
  tag,
}: Answer["unknown"][number] | Answer["changes"][number]): Row {
  const what = repository === null ? null : `${repository}${tag === null ? "" : `:${tag}`}`;
  return { at, action, what, who: by.uid === "" ? "-" : by.uid };
}

function namesOf(some: Rules): string {
  if (some.length === 0) return "no rule";
  return some.map(({ rule, at }) => (at === null ? rule : `${rule} (${at})`)).join(", ");
}
