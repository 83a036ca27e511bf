import type { Client } from "../api/client.js";
import { callAs, type ItemOf } from "../api/described-answers.js";
import { readItems } from "../api/pages.js";
import { inPath, tagOf, type Reference } from "../api/reference.js";
import { CommandFault, isNotFound } from "../exit/faults.js";
import { EXIT } from "../exit/exit-codes.js";
import { pullScope } from "../images/fetch-image.js";
import { lines, type Column, type Row, type Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";
import { oneOf, wholeNumber } from "./words.js";

type Listed = ItemOf<"tags.list">;

const ORDERS = ["pushed", "version", "pulled", "name"] as const;

interface TagsOptions {
  readonly sort: (typeof ORDERS)[number];
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly all?: boolean;
}

/** More than any repository has. */
const MOST = 10_000_000;

/** `tags`, `latest` and `scm-source`. */
export const addTags: AddCommands = (program, run) => {
  program
    .command("tags <repository> [artifact]")
    .summary("a repository's tags, newest first")
    .description(
      "A repository's tags with their image, who pushed them and when; the newest push first.",
    )
    .option("--sort <order>", ORDERS.join(", "), oneOf(ORDERS), "pushed")
    .option("--reverse", "the other way round")
    .option("--limit <number>", "how many at most", wholeNumber("a number", 1_000_000, 1))
    .option("--all", "also tags that stand for signatures and referrers (sha256-…)")
    .addHelpText(
      "after",
      examples(
        "wharf tags alpha/app",
        "wharf tags alpha app --sort version --limit 10",
        "wharf tags alpha/app -o tsv | cut -f1",
      ),
    )
    .action(
      run<TagsOptions>(async (shell, words, options) => {
        const { repository } = shell.reference(words);
        return tagsShown(await shell.client(), repository, options);
      }),
    );
  program
    .command("latest <repository> [artifact]")
    .summary("a repository's newest tag")
    .description("The newest tag: what virtual latest means, else what was pushed last.")
    .addHelpText(
      "after",
      examples(
        "wharf latest alpha/app",
        "docker pull registry.example.org/alpha/app:$(wharf latest alpha/app)",
      ),
    )
    .action(
      run(async (shell, words) => {
        const { repository } = shell.reference(words);
        const tag = await latestOf(await shell.client(), repository);
        return lines(tag, { repository, tag });
      }),
    );
  program
    .command("scm-source <reference> [artifact] [tag]")
    .summary("where a tag's image was built from")
    .description("The repository and revision that a tag's image was built from.")
    .addHelpText(
      "after",
      examples("wharf scm-source alpha/app:1.0", "wharf scm-source alpha app 1.0 -o json"),
    )
    .action(run((shell, words) => sourceShown(shell, shell.reference(words))));
};

async function tagsShown(client: Client, repository: string, options: TagsOptions): Promise<Shown> {
  const { sort, reverse, all, limit = MOST } = options;
  const path = `/repositories/${inPath(repository)}/tags`;
  const { items, left, hasMore } = await readItems<"tags.list">(client, path, {
    ...{ query: { sort }, limit: reverse === true ? MOST : limit },
    ...(all === true ? {} : { keep: isOwn }),
  });
  const tags = reverse === true ? items.toReversed().slice(0, limit) : items;
  return {
    kind: "list",
    columns: TAG_COLUMNS,
    rows: tags.map(rowOf),
    value: tags,
    empty: `${repository} has no tags`,
    hasMore: hasMore || tags.length < items.length,
    ...(left === 0 ? {} : { note: `and ${left} that stand for signatures and referrers: --all` }),
  };
}

const TAG_COLUMNS: readonly Column[] = [
  { key: "tag", kind: "name" },
  { key: "digest", kind: "digest" },
  { key: "size", kind: "bytes" },
  { key: "pushed", kind: "time" },
  { key: "by" },
  { key: "may change", drop: 1 },
  { key: "pulls", kind: "number", drop: 2 },
  { key: "pulled", kind: "time", drop: 4 },
  { key: "signed", drop: 3 },
  { key: "type", drop: 5 },
  { key: "platforms", drop: 6 },
];

function rowOf(tag: Listed): Row {
  return {
    ...{
      tag: tag.name,
      digest: tag.digest,
      size: tag.size,
      pushed: tag.pushedAt,
      by: tag.pushedBy,
    },
    ...{ "may change": tag.lockedAt === null ? tag.mutability : "locked", pulls: tag.pulls },
    ...{ pulled: tag.pulledAt, signed: tag.hasSignature, platforms: tag.platforms },
    type: (tag.artifactType ?? tag.mediaType)?.replace(/^application\/vnd\./, ""),
  };
}

async function latestOf(client: Client, repository: string): Promise<string> {
  const path = `/repositories/${inPath(repository)}/tags`;
  const latest = { path: `${path}/latest`, scope: pullScope(repository) };
  const described = await callAs(client, { id: "tags.describe", ...latest }).catch(
    (error: unknown) => {
      if (isNotFound(error)) return null;
      throw error;
    },
  );
  if (described?.newest !== undefined) return described.newest;
  const asked = { query: { sort: "pushed" }, limit: 1, keep: isOwn };
  const { items } = await readItems<"tags.list">(client, path, asked);
  if (items[0] !== undefined) return items[0].name;
  throw new CommandFault(`${repository} has no tags but those of signatures`, EXIT.NOT_FOUND);
}

/** Not so are tags that cosign and referrers make: they are of another image. */
function isOwn({ name }: Listed): boolean {
  return !/^sha(?:256|512)-[0-9a-f]{64,128}(?:\..+)?$/.test(name);
}

async function sourceShown(shell: Shell, reference: Reference): Promise<Shown> {
  const client = await shell.client();
  const path = `/repositories/${inPath(reference.repository)}/tags/${tagOf(reference)}/scm-source`;
  const scope = pullScope(reference.repository);
  const source = await callAs(client, { id: "tags.scm-source", path, scope });
  return {
    kind: "record",
    fields: [
      ["url", source.url],
      ["revision", source.revision],
      ["author", source.author],
      ["status", source.status],
      ["created", source.created, "time"],
    ],
    value: source,
  };
}
