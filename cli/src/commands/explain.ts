import type { Client } from "../api/client.js";
import { callAs, withQuery, type AnswerOf } from "../api/described-answers.js";
import { EXIT } from "../exit/exit-codes.js";
import { lines, type ShownLines } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { plainWord } from "./words.js";

type Answer = AnswerOf<"access.explain">;

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
  const path = withQuery("/explain", { action, repository });
  const answer = await callAs(client, { id: "access.explain", path });
  return shownExplanation(answer);
}

/** @returns whether somebody may do something, and why */
export function shownExplanation(answer: Answer): ShownLines {
  return lines(linesOf(answer), answer);
}

function linesOf(answer: Answer): readonly string[] {
  const verdict = [
    `${answer.allow ? "allowed" : "refused"}: ${answer.reason}`,
    ...(answer.unmappedGroups ?? []).map(
      (group) => `no team comes of your group ${JSON.stringify(group)}`,
    ),
  ];
  if (answer.rule === undefined) return verdict;
  return [
    ...verdict,
    `decided by ${answer.rule === null ? "no rule" : describe(answer.rule)}`,
    ...(answer.trace ?? []).map(
      ({ rule, effect, outcome, because }) =>
        `  ${outcome === "matched" ? "*" : " "} ${effect.padEnd(5)} ${describe(rule)}: ${because}`,
    ),
  ];
}

function describe({ id, at }: NonNullable<Answer["rule"]>): string {
  return at === null ? id : `${id} (${at})`;
}
