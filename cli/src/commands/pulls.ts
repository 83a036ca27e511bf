import { z } from "zod";
import type { Client } from "../api/client.js";
import { inPath, type Reference } from "../api/reference.js";
import type { Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { sinceOption, wholeNumber } from "./words.js";

const pullSchema = z.object({
  tag: z.string().nullable(),
  digest: z.string(),
  uid: z.string().nullable(),
  realm: z.string().nullish(),
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  count: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
});
/** Lists have one form; this one had another before there was that. */
const pageSchema = z
  .looseObject({
    pulledBy: z.array(pullSchema).optional(),
    items: z.array(pullSchema).optional(),
    pulls: z.number().optional(),
    next: z.string().nullable().default(null),
  })
  .transform(({ pulledBy, items, next, pulls }) => ({
    ...{ rows: pulledBy ?? items ?? [], next, total: pulls ?? null },
  }));
const PAGE = 1_000;

/** `pulls`: who pulled what, from where. */
export const addPulls: AddCommands = (program, run) => {
  program
    .command("pulls <reference> [artifact] [tag]")
    .summary("who pulled it, from where, how often")
    .description(
      "Who pulled a repository, a tag or a digest, from which addresses and with what; latest first. For those who may push there.",
    )
    .option("--since <time>", "pulled then or later: 90d, 12h, 2026-11-20T12:00:00Z", sinceOption)
    .option("--limit <number>", "how many at most", wholeNumber("a number", 1_000_000, 1), 1_000)
    .addHelpText(
      "after",
      examples("wharf pulls alpha/app:1.0", "wharf pulls alpha/app --since 90d -o json"),
    )
    .action(
      run<{ since?: string; limit: number }>(async (shell, words, options) =>
        pullsShown(await shell.client(), shell.reference(words), options),
      ),
    );
};

async function pullsShown(
  client: Client,
  { repository, tag, digest }: Reference,
  { since, limit }: { readonly since?: string; readonly limit: number },
): Promise<Shown> {
  const rows: z.output<typeof pullSchema>[] = [];
  const scope = `repository:${repository}:pull,push`;
  let cursor: string | null = null;
  let total: number | null = null;
  do {
    const query = new URLSearchParams({
      limit: String(Math.min(PAGE, limit - rows.length)),
      ...(tag === null ? {} : { tag }),
      ...(digest === null ? {} : { digest }),
      ...(since === undefined ? {} : { since }),
      ...(cursor === null ? {} : { cursor }),
    });
    const path = `/repositories/${inPath(repository)}/pulls?${query.toString()}`;
    const page: z.output<typeof pageSchema> = pageSchema.parse(
      await client.call("GET", path, undefined, scope),
    );
    rows.push(...page.rows);
    ({ next: cursor } = page);
    total ??= page.total;
  } while (cursor !== null && rows.length < limit);
  return {
    kind: "list",
    columns: [
      { key: "lastAt", head: "last", kind: "time" },
      { key: "uid", head: "who" },
      { key: "address", head: "from", kind: "name" },
      { key: "count", head: "pulls", kind: "number" },
      { key: "tag" },
      { key: "digest", kind: "digest", drop: 2 },
      { key: "userAgent", head: "with", drop: 1 },
    ],
    rows,
    empty: "nobody on record",
    hasMore: cursor !== null,
  };
}
