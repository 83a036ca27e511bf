import { parseArgs } from "node:util";
import { understood, UsageError } from "#service-kit/command.js";
import { limitOption } from "#service-kit/limit-option.js";
import { pointInTime } from "#service-kit/point-in-time.js";
import { usageOf } from "#service-kit/usage.js";
import type { Selection } from "../../outbox/sql/selection.js";

export const USAGE = usageOf({
  about: "Events on their way to sinks",
  call: "npm run outbox --",
  program: "gateway/src/commands/outbox/main.js",
  forms: `  list    what waits, by sink and repository, and what stepped out of its queue's way
  dead    what was given up, and why
  start   --sink NAME
          delivers again to a sink that was stopped since it said that it wants no more events
  replay  --dead | --event ID | --since TIME
          delivers again what was given up, one event, or all events since then, to the sinks that they were meant for
  retry   tries now what waits for its next attempt
  give-up --event ID
          gives up an event that is the first of its queue, so that those behind it are delivered, or that waits beside
          its queue; it can be replayed
  skip    --sink NAME --repository NAME
          the same with whatever is the first of a queue
  discard --dead
          gives up for good what was given up
          --waiting --sink NAME
          gives up for good what waits for a sink, as for one that was taken out of the configuration

  --sink NAME and --repository NAME narrow each of them down; list and dead: --limit NUMBER (50), --json
  --by NAME is who does it, for the audit log; without it who has become another by sudo, or whose account it is`,
  examples: [
    "list --sink scanner",
    "retry --sink scanner",
    "give-up --event 6466c2a1-c181-4979-8aa2-a78b9346da47",
    "skip --sink scanner --repository alpha/app",
    "replay --since 24h --sink scanner",
  ],
  ends:
    "0 when that is done, 1 when there was nothing to give up or skip, 2 when it could not be done: also for a name " +
    "for which nothing was ever meant",
  environment: "DB_SUBNAME, DB_USER, DB_PASSWORD, PGSSLMODE",
});

/** What is asked for, and by whom as far as that was said. */
export type OutboxCommand = { readonly by?: string | undefined } & Asked;

type Asked =
  | {
      readonly name: "list" | "dead";
      readonly selection: Selection;
      readonly limit: number;
      readonly json: boolean;
    }
  | { readonly name: "replay"; readonly selection: Selection; readonly dead: boolean }
  | { readonly name: "discard" | "retry"; readonly selection: Selection }
  | { readonly name: "give-up"; readonly selection: Selection }
  | { readonly name: "skip"; readonly selection: Selection }
  | {
      readonly name: "start" | "discard waiting";
      readonly selection: { readonly sink: string; readonly repository: string | undefined };
    };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * @param argv - arguments
 * @param now - current time in milliseconds since the epoch
 * @returns the command
 * @throws UsageError that says what is wrong
 */
export function parseCommand(argv: readonly string[], now = Date.now()): OutboxCommand {
  const { values, positionals } = parsed(argv);
  return { ...askedFor(values, positionals, now), by: values.by };
}

type Values = ReturnType<typeof parsed>["values"];

function askedFor(values: Values, positionals: readonly string[], now: number): Asked {
  const [name, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`not understood: ${more.join(" ")}`);
  const { sink, repository, dead } = values;
  const selection = {
    sink,
    repository,
    event: uuidOf(values.event),
    since: timeOf(values.since, now),
  };
  switch (name) {
    case "list":
    case "dead":
      return { name, selection, limit: limitOption(values.limit), json: values.json };
    case "start":
      if (sink === undefined) throw new UsageError("start: wanted --sink NAME");
      if (
        repository !== undefined ||
        selection.event !== undefined ||
        selection.since !== undefined
      )
        throw new UsageError("start: wanted --sink NAME and nothing else, it is for all of a sink");
      return { name, selection: { sink, repository } };
    case "replay": {
      const named = [dead, selection.event !== undefined, selection.since !== undefined];
      if (named.filter(Boolean).length !== 1)
        throw new UsageError("replay: wanted one of --dead, --event ID and --since TIME");
      return { name, selection, dead };
    }
    case "discard":
      if (dead === values.waiting)
        throw new UsageError("discard: wanted --dead or --waiting, so that it is no slip");
      if (dead) return { name, selection };
      if (sink === undefined || selection.event !== undefined || selection.since !== undefined)
        throw new UsageError(
          "discard --waiting: wanted --sink NAME, and --repository NAME at most",
        );
      return { name: "discard waiting", selection: { sink, repository } };
    case "retry":
      return requireOnly(name, selection, ["sink", "repository"]);
    case "give-up":
      if (selection.event === undefined) throw new UsageError("give-up: wanted --event ID");
      return requireOnly(name, selection, ["event", "sink", "repository"]);
    case "skip":
      if (sink === undefined || repository === undefined)
        throw new UsageError("skip: wanted --sink NAME and --repository NAME");
      return requireOnly(name, selection, ["sink", "repository"]);
    case undefined:
    default:
      throw new UsageError(
        "wanted one of: list, dead, start, replay, retry, give-up, skip, discard",
      );
  }
}

function requireOnly(
  name: "retry" | "give-up" | "skip",
  selection: Selection,
  options: readonly (keyof Selection)[],
): Asked {
  const all = ["sink", "repository", "event", "since"] as const;
  const other = all.find((one) => selection[one] !== undefined && !options.includes(one));
  if (other === undefined) return { name, selection };
  throw new UsageError(`${name}: --${other} does not belong to it`);
}

function parsed(argv: readonly string[]) {
  const text = { type: "string" } as const;
  return understood(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        sink: text,
        by: text,
        repository: text,
        event: text,
        since: text,
        limit: { type: "string", default: "50" },
        json: { type: "boolean", default: false },
        dead: { type: "boolean", default: false },
        waiting: { type: "boolean", default: false },
      },
    }),
  );
}

function uuidOf(text: string | undefined): string | undefined {
  if (text === undefined || UUID.test(text)) return text;
  throw new UsageError(`--event: given ${text}, wanted the id of an event`);
}

function timeOf(text: string | undefined, now: number): Date | undefined {
  return text === undefined ? undefined : pointInTime("--since", text, now);
}
