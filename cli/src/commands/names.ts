import { z } from "zod";
import { callAs } from "../api/described-answers.js";
import { readItems } from "../api/pages.js";
import type { Row, Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import { searchAll } from "./registries.js";
import type { AddCommands, Shell } from "./shell.js";
import { plainWord, wholeNumber } from "./words.js";

/** Pier One's own answer, which no document describes. */
const imagesSchema = z.array(
  z.object({ team: z.string(), artifact: z.string(), name: z.string() }),
);

interface SearchOptions {
  readonly limit: number;
  readonly all?: boolean;
  readonly tags?: boolean;
}

/** `teams`, `artifacts`, `image` and `search`: finding one's way. */
export const addNames: AddCommands = (program, run) => {
  program
    .command("teams")
    .summary("teams that have tags")
    .description("Teams that have tags which the caller may pull.")
    .addHelpText("after", examples("wharf teams"))
    .action(
      run(async (shell) => {
        const asked = { id: "teams.list", path: "/teams" } as const;
        const { items } = await callAs(await shell.client(), asked);
        return named(
          "team",
          items.map(({ team }) => team),
          "no teams",
        );
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
        const asked = { query: { team }, limit: MOST };
        const client = await shell.client();
        const { items } = await readItems<"repositories.list">(client, "/repositories", asked);
        const artifacts = items.map(({ name }) => name.slice(team.length + 1));
        return named("artifact", artifacts, `team ${team} has no artifacts`);
      }),
    );
  program
    .command("image <id>")
    .summary("all tags of an image")
    .description(
      "Tags that mean an image, in all repositories that the caller may pull. The id is the digest of its manifest, or what " +
        "Pier One calls image: the digest of the configuration, or its first digits.",
    )
    .addHelpText(
      "after",
      examples("wharf image sha256:4fd0417fc867", "wharf image 4fd0417fc867 -o json"),
    )
    .action(
      run(async (shell, [word]) => {
        const id = plainWord(word?.replace(":", "_"), "ID").replace("_", ":");
        const rows = (await ofDigest(shell, id)) ?? (await ofImage(shell, id));
        return {
          kind: "list",
          columns: [
            { key: "repository", kind: "name" },
            { key: "tag", kind: "name" },
          ],
          ...{ rows, empty: "no tag means it" },
        };
      }),
    );
  program
    .command("search <term>")
    .summary("repositories by a part of their name")
    .description(
      "Repositories by a part of their name: those that fit best first, then those that are pulled most. With a colon, or --tags, tags by " +
        "the beginning of theirs; what stands before the colon is a part of the repository's name.",
    )
    .option("--limit <number>", "how many at most", wholeNumber("a number", 100, 1), 25)
    .option("--tags", "tags that begin so")
    .option("--all", "in all registries that are published to you, so many of each")
    .addHelpText(
      "after",
      examples("wharf search app", "wharf search app:1.", "wharf search alpha/ --limit 100 -o tsv"),
    )
    .action(
      run<SearchOptions>(async (shell, [term = ""], { limit, all, tags }) => {
        if (tags === true || term.includes(":")) return searchTags(shell, term, limit);
        return all === true
          ? searchAll(await shell.client(), term, limit)
          : search(shell, term, limit);
      }),
    );
};

/** More than anybody has. */
const MOST = 1_000_000;

/** `null`: it is no whole digest, or no tag's; it may be an image's as Pier One has them. */
async function ofDigest(shell: Shell, id: string): Promise<readonly Row[] | null> {
  if (!/^sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$/.test(id)) return null;
  const asked = { query: {}, limit: MOST };
  const path = `/digests/${id}/tags`;
  const { items } = await readItems<"digests.tags">(await shell.client(), path, asked);
  if (items.length === 0) return null;
  return items.map(({ repository, name, ...more }) => ({ repository, tag: name, ...more }));
}

async function ofImage(shell: Shell, id: string): Promise<readonly Row[]> {
  const answer = await (await shell.client()).ask(`/tags/${id}`);
  const tags = imagesSchema.parse(await answer.json());
  return tags.map(({ team, artifact, name }) => ({ repository: `${team}/${artifact}`, tag: name }));
}

async function search(shell: Shell, term: string, limit: number): Promise<Shown> {
  const asked = { query: { q: term }, limit };
  const { items, hasMore } = await readItems<"repositories.search">(
    await shell.client(),
    "/search",
    asked,
  );
  return {
    kind: "list",
    columns: [
      { key: "repository", kind: "name" },
      { key: "pulls", kind: "number" },
      { key: "description", drop: 1 },
      { key: "stars", kind: "number", drop: 2 },
    ],
    rows: items.map(({ name, ...more }) => ({ repository: name, ...more })),
    empty: `nothing is named like ${term}`,
    hasMore,
  };
}

async function searchTags(shell: Shell, q: string, limit: number): Promise<Shown> {
  const asked = { query: { q }, limit, page: 100 };
  const found = await readItems<"tags.search">(await shell.client(), "/tags", asked);
  return {
    kind: "list",
    columns: [
      { key: "repository", kind: "name" },
      { key: "tag", kind: "name" },
      { key: "pushedBy", head: "pushed by", drop: 2 },
      { key: "pushedAt", head: "pushed", kind: "time", drop: 1 },
      { key: "digest", kind: "digest", drop: 3 },
    ],
    rows: found.items.map(({ name, ...more }) => ({ tag: name, ...more })),
    ...{ empty: "no tag begins so", hasMore: found.hasMore },
  };
}

function named(key: string, names: readonly string[], empty: string): Shown {
  const rows = names.map((name) => ({ [key]: name }));
  return { kind: "list", columns: [{ key, kind: "name" }], rows, value: names, empty };
}
