import { z } from "zod";
import type { Client } from "../api/client.js";
import { readPages } from "../api/pages.js";
import { inPath, tagOf, type Reference } from "../api/reference.js";
import { CommandFault, isNoEndpoint, isNotFound } from "../exit/faults.js";
import { EXIT } from "../exit/exit-codes.js";
import { pullScope } from "../images/fetch-image.js";
import { lines, type Column, type Row, type Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";
import { oneOf, wholeNumber } from "./words.js";

const tagSchema = z.object({
  name: z.string(),
  created: z.string(),
  created_by: z.string().nullable(),
  image: z.string().nullable(),
});
const sourceSchema = z.object({
  url: z.string(),
  revision: z.string(),
  author: z.string().nullish(),
  status: z.string().nullish(),
  created: z.string().nullish(),
});

type ListedTag = z.output<typeof tagSchema>;

const listedSchema = z.looseObject({
  name: z.string(),
  digest: z.string(),
  mediaType: z.string().nullable(),
  artifactType: z.string().nullable(),
  platforms: z.array(z.string()).nullable(),
  size: z.number().nullable(),
  pushedBy: z.string(),
  pushedAt: z.string(),
  lockedAt: z.string().nullable(),
  pulls: z.number(),
  pulledAt: z.string().nullable(),
  hasSignature: z.boolean(),
  mutability: z.string(),
});

type Described = z.output<typeof listedSchema>;

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
        const client = await shell.client();
        return tagsShown(client, repository, options).catch((error: unknown) => {
          if (isNoEndpoint(error) && options.sort === "pushed")
            return fewerShown(client, repository, options);
          throw error;
        });
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

/**
 * @param client - registry
 * @param repository - name
 * @returns its tags, the oldest push first
 */
export async function tagsIn(client: Client, repository: string): Promise<readonly ListedTag[]> {
  const [team = "", ...artifact] = repository.split("/");
  if (artifact.length === 0)
    throw new CommandFault(`${repository} has no artifact in its name: TEAM/ARTIFACT`, EXIT.USAGE);
  const target = `/teams/${team}/artifacts/${artifact.map(encodeURIComponent).join("%2F")}/tags`;
  return z.array(tagSchema).parse(await (await client.ask(target)).json());
}

async function tagsShown(client: Client, repository: string, options: TagsOptions): Promise<Shown> {
  const { sort, reverse, all, limit = MOST } = options;
  const { items, left, hasMore } = await readPages<Described>(
    client,
    `/repositories/${inPath(repository)}/tags`,
    {
      ...{ query: { sort }, item: listedSchema, limit: reverse === true ? MOST : limit },
      ...(all === true ? {} : { keep: ({ name }: Described) => !isSignature(name) }),
    },
  );
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

/** What gateways say that have no lists of tags but Pier One's. */
async function fewerShown(
  client: Client,
  repository: string,
  { all, reverse, limit }: TagsOptions,
): Promise<Shown> {
  const read = await tagsIn(client, repository);
  const tags = read.filter(({ name }) => all === true || !isSignature(name));
  const ordered = reverse === true ? tags : tags.toReversed();
  return {
    kind: "list",
    columns: [
      { key: "tag", kind: "name" },
      { key: "pushed", kind: "time" },
      { key: "by" },
      { key: "image", kind: "digest", drop: 1 },
    ],
    rows: ordered.slice(0, limit).map(({ name, created, created_by, image }) => ({
      ...{ tag: name, pushed: created, by: created_by, image },
    })),
    empty: `${repository} has no tags`,
    hasMore: limit !== undefined && limit < tags.length,
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

function rowOf(tag: Described): Row {
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
  const path = `/repositories/${inPath(repository)}/tags/latest`;
  const described = await client
    .call("GET", path, undefined, pullScope(repository))
    .catch((error: unknown) => {
      if (isNotFound(error)) return null;
      throw error;
    });
  const newest = z.object({ newest: z.string() }).safeParse(described);
  if (newest.success) return newest.data.newest;
  const last = (await tagsIn(client, repository)).findLast(({ name }) => !isSignature(name));
  if (last !== undefined) return last.name;
  throw new CommandFault(`${repository} has no tags but those of signatures`, EXIT.NOT_FOUND);
}

/** Tags that cosign and referrers make: of another image, none of its own. */
function isSignature(tag: string): boolean {
  return /^sha(?:256|512)-[0-9a-f]{64,128}(?:\..+)?$/.test(tag);
}

async function sourceShown(shell: Shell, reference: Reference): Promise<Shown> {
  const client = await shell.client();
  const path = `/repositories/${inPath(reference.repository)}/tags/${tagOf(reference)}/scm-source`;
  const scope = pullScope(reference.repository);
  const source = sourceSchema.parse(await client.call("GET", path, undefined, scope));
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
