import { z } from "zod";
import type { Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { plainWord, wholeNumber } from "./words.js";

const namesSchema = z.array(z.string());
const imagesSchema = z.array(
  z.object({ team: z.string(), artifact: z.string(), name: z.string() }),
);
const foundSchema = z.object({
  num_results: z.number(),
  results: z.array(
    z.object({ name: z.string(), description: z.string().nullish(), star_count: z.number() }),
  ),
});

/** `teams`, `artifacts`, `image` and `search`: finding one's way. */
export const addNames: AddCommands = (program, run) => {
  program
    .command("teams")
    .summary("teams that have tags")
    .description("Teams that have tags which the caller may pull.")
    .addHelpText("after", examples("wharf teams"))
    .action(
      run(async (shell) => {
        const teams = await ask(shell, "/teams", namesSchema);
        return named("team", teams, "no teams");
      }),
    );
  program
    .command("artifacts <team>")
    .summary("a team's artifacts")
    .description("A team's artifacts: the rest of their repositories' names.")
    .addHelpText(
      "after",
      examples("wharf artifacts alpha", "wharf artifacts alpha | xargs -n1 wharf tags alpha"),
    )
    .action(
      run(async (shell, [word]) => {
        const team = plainWord(word, "TEAM");
        const artifacts = await ask(shell, `/teams/${team}/artifacts`, namesSchema);
        return named("artifact", artifacts, `team ${team} has no artifacts`);
      }),
    );
  program
    .command("image <id>")
    .summary("all tags of an image")
    .description(
      "Tags that mean an image, in all repositories that the caller may pull. The id is what Pier One calls image: the " +
        "digest of the configuration, or its first digits.",
    )
    .addHelpText(
      "after",
      examples("wharf image sha256:4fd0417fc867", "wharf image 4fd0417fc867 -o json"),
    )
    .action(
      run(async (shell, [word]) => {
        const id = plainWord(word?.replace(":", "_"), "ID").replace("_", ":");
        const tags = await ask(shell, `/tags/${id}`, imagesSchema);
        return {
          kind: "list",
          columns: [
            { key: "team", kind: "name" },
            { key: "artifact", kind: "name" },
            { key: "tag", kind: "name" },
          ],
          rows: tags.map(({ team, artifact, name }) => ({ team, artifact, tag: name })),
          empty: "no tag means it",
        };
      }),
    );
  program
    .command("search <term>")
    .summary("repositories by a part of their name")
    .description(
      "Repositories by a part of their name: those that fit best first, then those that are pulled most.",
    )
    .option("--limit <number>", "how many at most", wholeNumber("a number", 100, 1), 25)
    .addHelpText("after", examples("wharf search app", "wharf search alpha/ --limit 100 -o tsv"))
    .action(run<{ limit: number }>((shell, [term = ""], { limit }) => search(shell, term, limit)));
};

async function search(
  shell: Parameters<typeof ask>[0],
  term: string,
  limit: number,
): Promise<Shown> {
  const query = new URLSearchParams({ q: term, n: String(limit) });
  const { results, num_results: total } = await ask(
    shell,
    `/v1/search?${query.toString()}`,
    foundSchema,
  );
  return {
    kind: "list",
    columns: [
      { key: "repository", kind: "name" },
      { key: "pulls", kind: "number" },
      { key: "description", drop: 1 },
    ],
    rows: results.map(({ name, description, star_count }) => ({
      ...{ repository: name, pulls: star_count, description: description ?? null },
    })),
    empty: `nothing is named like ${term}`,
    ...(total > results.length
      ? { note: `${results.length} of ${total}: --limit shows more` }
      : {}),
  };
}

async function ask<T>(
  shell: { client(): Promise<{ ask(target: string): Promise<Response> }> },
  target: string,
  schema: z.ZodType<T>,
): Promise<T> {
  const answer = await (await shell.client()).ask(target);
  return schema.parse(await answer.json());
}

function named(key: string, names: readonly string[], empty: string): Shown {
  const rows = names.map((name) => ({ [key]: name }));
  return { kind: "list", columns: [{ key, kind: "name" }], rows, value: names, empty };
}
