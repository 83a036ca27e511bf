import { readItems } from "../api/pages.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { oneOf, wholeNumber } from "./words.js";

interface RepositoriesOptions {
  readonly sort: string;
  readonly team?: string;
  readonly text?: string;
  readonly limit: number;
}

/** `repositories`: all that the caller may pull, in figures. */
export const addRepositories: AddCommands = (program, run) => {
  program
    .command("repositories")
    .alias("repos")
    .summary("repositories with tags, size, pulls, last push")
    .description(
      "Repositories that the caller may pull, with how many tags they have, how large they are, and how much they are used.",
    )
    .option(
      "--sort <order>",
      "name, pushed, pulled, pulls, size",
      oneOf(["name", "pushed", "pulled", "pulls", "size"]),
      "name",
    )
    .option("--team <team>", "of one team")
    .option("--text <text>", "with this in their name")
    .option("--limit <number>", "how many at most", wholeNumber("a number", 1_000_000, 1), 1_000)
    .addHelpText(
      "after",
      examples("wharf repositories --team alpha", "wharf repositories --sort size --limit 10"),
    )
    .action(
      run<RepositoriesOptions>(async (shell, _words, { sort, team, text, limit }) => {
        const { items, hasMore } = await readItems<"repositories.list">(
          await shell.client(),
          "/repositories",
          { query: { sort, team, text }, limit },
        );
        return {
          kind: "list",
          columns: [
            { key: "name", head: "repository", kind: "name" },
            { key: "tags", kind: "number" },
            { key: "size", kind: "bytes" },
            { key: "pulls", kind: "number" },
            { key: "pushedAt", head: "pushed", kind: "time" },
            { key: "pulledAt", head: "pulled", kind: "time", drop: 1 },
            { key: "description", drop: 2 },
            { key: "stars", kind: "number", drop: 3 },
          ],
          ...{ rows: items, empty: "no repositories", hasMore },
        };
      }),
    );
};
