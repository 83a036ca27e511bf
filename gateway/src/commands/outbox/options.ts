import { parseArgs } from "node:util";
import { understood, UsageError } from "#service-kit/command.js";
import type { Selection } from "../../outbox/sql/selection.js";

export const USAGE = `Events on their way to sinks

  list    what waits, by sink and repository
  dead    what was given up, and why
  start   --sink NAME
          delivers again to a sink that was stopped since it said that it wants no more events
  replay  --dead | --event ID | --since TIME
          delivers again what was given up, one event, or all events since a time (2026-11-20T10:00:00Z),
          to the sinks that they were meant for
  discard --dead
          gives up for good what was given up
          --waiting --sink NAME
          gives up for good what waits for a sink, as for one that was taken out of the configuration

  --sink NAME and --repository NAME narrow each of them down; --limit N (50) for list and dead

Environment: DB_SUBNAME, DB_USER, DB_PASSWORD, PGSSLMODE`;

/** What is asked for. */
export type OutboxCommand =
  | { readonly name: "list" | "dead"; readonly selection: Selection; readonly limit: number }
  | { readonly name: "replay"; readonly selection: Selection; readonly dead: boolean }
  | { readonly name: "discard"; readonly selection: Selection }
  | {
      readonly name: "start" | "discard waiting";
      readonly selection: { readonly sink: string; readonly repository: string | undefined };
    };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MOST_LINES = 10_000;

/**
 * @param argv - arguments
 * @returns the command
 * @throws UsageError that says what is wrong
 */
export function parseCommand(argv: readonly string[]): OutboxCommand {
  const { values, positionals } = parsed(argv);
  const [name, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`not understood: ${more.join(" ")}`);
  const { sink, repository, dead } = values;
  const selection = { sink, repository, event: uuidOf(values.event), since: timeOf(values.since) };
  switch (name) {
    case "list":
    case "dead":
      return { name, selection, limit: limitOf(values.limit) };
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
    case undefined:
    default:
      throw new UsageError("wanted one of: list, dead, start, replay, discard");
  }
}

function parsed(argv: readonly string[]) {
  const text = { type: "string" } as const;
  return understood(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        sink: text,
        repository: text,
        event: text,
        since: text,
        limit: text,
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

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new UsageError(`--since: given ${text}, wanted a time such as 2026-11-20T10:00:00Z`);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return 50;
  if (/^[1-9]\d*$/.test(text) && Number(text) <= MOST_LINES) return Number(text);
  throw new UsageError(`--limit: given ${text}, wanted a number from 1 to ${MOST_LINES}`);
}
