import type { ItemOf } from "../api/described-answers.js";
import { readItems } from "../api/pages.js";
import { inPath, tagOf } from "../api/reference.js";
import type { Column, Row, Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";
import { wholeNumber } from "./words.js";

type Happened = ItemOf<"tags.history" | "refusals.list">;

const LIMIT = wholeNumber("a number", 1_000_000, 1);
const WHEN: Column = { key: "at", head: "when", kind: "time" };
const WHO: Column = { key: "who" };

/** `history` and `refusals`: what the audit log says of tags. */
export const addHappenings: AddCommands = (program, run) => {
  program
    .command("history <reference> [artifact] [tag]")
    .summary("what happened to a tag")
    .description(
      "What happened to a tag, the newest first: pushes, refusals, locks, deletions, repairs, as the audit log has it.",
    )
    .option("--limit <number>", "how many at most", LIMIT, 1_000)
    .addHelpText(
      "after",
      examples("wharf history alpha/app:1.0", "wharf history alpha app 1.0 -o json"),
    )
    .action(
      run<{ limit: number }>((shell, words, { limit }) => {
        const reference = shell.reference(words);
        const path = `/repositories/${inPath(reference.repository)}/tags/${tagOf(reference)}/history`;
        return happened(shell, path, {
          ...{ query: {}, limit, empty: "nothing is on record" },
          columns: [
            WHEN,
            { key: "action", kind: "name" },
            WHO,
            { key: "digest", kind: "digest" },
            { key: "reason", drop: 1 },
          ],
        });
      }),
    );
  program
    .command("refusals [reference] [artifact] [tag]")
    .summary("pushes that were refused, and why")
    .description(
      "Pushes that were refused, the newest first, in a repository, of a tag, or in all that the caller may pull.",
    )
    .option("--by <name>", "to whom, by user name")
    .option("--limit <number>", "how many at most", LIMIT, 100)
    .addHelpText(
      "after",
      examples(
        "wharf refusals alpha/app",
        "wharf refusals alpha/app:1.0",
        "wharf refusals --by robot-ci",
      ),
    )
    .action(
      run<{ by?: string; limit: number }>((shell, words, { by, limit }) => {
        const reference = words.length === 0 ? null : shell.reference(words);
        return happened(shell, "/refusals", {
          query: {
            ...{ by, repository: reference?.repository },
            ...(reference?.tag == null ? {} : { tag: reference.tag }),
          },
          ...{ limit, empty: "nothing was refused" },
          columns: [
            WHEN,
            WHO,
            { key: "repository" },
            { key: "tag" },
            { key: "reason" },
            { key: "digest", kind: "digest", drop: 1 },
          ],
        });
      }),
    );
};

async function happened(
  shell: Shell,
  path: string,
  asked: {
    readonly query: Readonly<Record<string, string | undefined>>;
    readonly limit: number;
    readonly columns: readonly Column[];
    readonly empty: string;
  },
): Promise<Shown> {
  const { query, limit, columns, empty } = asked;
  const client = await shell.client();
  const { items, hasMore } = await readItems<"tags.history" | "refusals.list">(client, path, {
    ...{ query, limit },
  });
  return { kind: "list", columns, rows: items.map(rowOf), value: items, empty, hasMore };
}

function rowOf({ at, action, by, repository, tag, digest, reason }: Happened): Row {
  return { at, action, who: by.uid === "" ? "-" : by.uid, repository, tag, digest, reason };
}
