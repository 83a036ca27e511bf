import type { Client } from "../api/client.js";
import { callAs, withQuery, type AnswerOf } from "../api/described-answers.js";
import { inPath, type Reference } from "../api/reference.js";
import { pullScope } from "../images/fetch-image.js";
import type { Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { sinceOption, wholeNumber } from "./words.js";

type Page = AnswerOf<"pulls.list">;

const PAGE = 1_000;

interface PullsOptions {
  readonly since?: string;
  readonly limit: number;
  readonly byDay?: boolean;
  readonly days: number;
}

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
    .option("--by-day", "how often on each day (UTC), for all who may pull")
    .option("--days <number>", "so many days, with --by-day", wholeNumber("a number", 366, 1), 30)
    .addHelpText(
      "after",
      examples(
        "wharf pulls alpha/app:1.0",
        "wharf pulls alpha/app --since 90d -o json",
        "wharf pulls alpha/app:1.0 --by-day --days 7",
      ),
    )
    .action(
      run<PullsOptions>(async (shell, words, options) => {
        const [client, reference] = [await shell.client(), shell.reference(words)];
        return options.byDay === true
          ? daysShown(client, reference, options.days)
          : pullsShown(client, reference, options);
      }),
    );
};

/** Widest bar, in characters. */
const BAR = 40;

async function daysShown(
  client: Client,
  { repository, tag, digest }: Reference,
  days: number,
): Promise<Shown> {
  const query = { tag: tag ?? undefined, digest: digest ?? undefined, days };
  const path = withQuery(`/repositories/${inPath(repository)}/pull-days`, query);
  const scope = pullScope(repository);
  const found = await callAs(client, { id: "pulls.days", path, scope });
  const most = Math.max(1, ...found.days.map(({ pulls }) => pulls));
  return {
    kind: "list",
    columns: [
      { key: "day", kind: "name" },
      { key: "pulls", kind: "number" },
      { key: "bar", head: "", drop: 1 },
    ],
    rows: found.days.map(({ day, pulls }) => {
      return { day, pulls, bar: "█".repeat(Math.ceil((BAR * pulls) / most)) };
    }),
    ...{ value: found, empty: "no days" },
  };
}

async function pullsShown(
  client: Client,
  { repository, tag, digest }: Reference,
  { since, limit }: { readonly since?: string; readonly limit: number },
): Promise<Shown> {
  const pullers: Page["pulledBy"][number][] = [];
  const scope = `repository:${repository}:pull,push`;
  const asked = { tag: tag ?? undefined, digest: digest ?? undefined, since };
  let cursor: string | undefined;
  do {
    const query = { ...asked, cursor, limit: Math.min(PAGE, limit - pullers.length) };
    const path = withQuery(`/repositories/${inPath(repository)}/pulls`, query);
    const page: Page = await callAs(client, { id: "pulls.list", path, scope });
    pullers.push(...page.pulledBy);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && pullers.length < limit);
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
    rows: pullers,
    empty: "nobody on record",
    hasMore: cursor !== undefined,
  };
}
