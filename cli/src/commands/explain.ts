import { z } from "zod";
import type { Client } from "../api/client.js";
import { EXIT } from "../exit/exit-codes.js";
import { lines, type ShownLines } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { plainWord } from "./words.js";

const ruleSchema = z.object({ id: z.string(), at: z.string().nullable() });
const answerSchema = z.object({
  allow: z.boolean(),
  reason: z.string(),
  unmappedGroups: z.array(z.string()).default([]),
  // Administrators alone are told of rules.
  rule: ruleSchema.nullable().optional(),
  trace: z
    .array(
      z.object({ rule: ruleSchema, effect: z.string(), outcome: z.string(), because: z.string() }),
    )
    .default([]),
});

type Answer = z.output<typeof answerSchema>;

/** `explain`. */
export const addExplain: AddCommands = (program, run) => {
  program
    .command("explain <action> <repository>")
    .summary("may I do that, and why?")
    .description(
      "Asks the policy whether the caller may pull, push or delete in a repository, and which rule says so.",
    )
    .option("--exit-code", "end with 4 when it is refused")
    .addHelpText(
      "after",
      examples("wharf explain push alpha/app", "wharf explain pull alpha/app -o json"),
    )
    .action(
      run<{ exitCode?: boolean }>(async (shell, [action, repository], { exitCode }) => {
        const shown = await explain(
          await shell.client(),
          plainWord(action, "ACTION"),
          plainWord(repository, "REPOSITORY"),
        );
        if (exitCode === true && !(shown.value as Answer).allow) process.exitCode = EXIT.DENIED;
        return shown;
      }),
    );
};

/**
 * @param client - the registry
 * @param action - `pull`, `push`, `delete`
 * @param repository - where
 * @returns whether the caller may do it and why; for administrators also which rules were looked at
 */
export async function explain(
  client: Pick<Client, "call">,
  action: string,
  repository: string,
): Promise<ShownLines> {
  const query = new URLSearchParams({ action, repository });
  const answer = answerSchema.parse(await client.call("GET", `/explain?${query.toString()}`));
  return lines(linesOf(answer), answer);
}

function linesOf(answer: Answer): readonly string[] {
  const verdict = [
    `${answer.allow ? "allowed" : "refused"}: ${answer.reason}`,
    ...answer.unmappedGroups.map((group) => `no team comes of your group ${JSON.stringify(group)}`),
  ];
  if (answer.rule === undefined) return verdict;
  return [
    ...verdict,
    `decided by ${answer.rule === null ? "no rule" : describe(answer.rule)}`,
    ...answer.trace.map(
      ({ rule, effect, outcome, because }) =>
        `  ${outcome === "matched" ? "*" : " "} ${effect.padEnd(5)} ${describe(rule)}: ${because}`,
    ),
  ];
}

function describe({ id, at }: z.infer<typeof ruleSchema>): string {
  return at === null ? id : `${id} (${at})`;
}
