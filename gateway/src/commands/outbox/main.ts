import { runCommand } from "#service-kit/command.js";
import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { parseCommand, USAGE, type OutboxCommand } from "./options.js";
import { reportAside, reportDead, reportQueues, reportStops } from "./report.js";
import { giveUpAside, listAside, retryAsideNow } from "../../outbox/sql/aside.js";
import { readBacklog } from "../../outbox/sql/backlog.js";
import { unknownNames } from "../../outbox/sql/known-names.js";
import { listDead, listQueues } from "../../outbox/sql/list.js";
import { discardDead } from "../../outbox/sql/dead-letters.js";
import { giveUpFirst, retryNow } from "../../outbox/sql/first-of-queues.js";
import { discardWaiting, replay } from "../../outbox/sql/operate.js";
import type { Selection } from "../../outbox/sql/selection.js";
import { readStops, startSink } from "../../outbox/sql/stops.js";

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv);
  const read = envReader(env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  const silent = createLogger("outbox", "silent");
  const db = openDatabase(config, { name: "outbox", connections: 2 }, silent);
  try {
    const unknown = await unknownNames(db, command.selection);
    for (const name of unknown)
      process.stderr.write(`--${name}: nothing was ever meant for ${command.selection[name]}\n`);
    // A sink that is new has nothing to show, and nothing that could be changed.
    if (unknown.length > 0 && command.name !== "list") return 2;
    const { lines, code } = await carryOut(db, command);
    for (const line of lines) process.stdout.write(`${line}\n`);
    return code;
  } finally {
    await db.close();
  }
}

interface Outcome {
  readonly lines: readonly string[];
  readonly code: 0 | 1;
}

async function carryOut(db: Database, command: OutboxCommand): Promise<Outcome> {
  if (command.name !== "give-up" && command.name !== "skip")
    return { lines: await linesOf(db, command), code: 0 };
  const isSkip = command.name === "skip";
  const first = await giveUpFirst(db, command.selection);
  const given = first + (isSkip ? 0 : await giveUpAside(db, command.selection));
  if (given > 0) return { lines: [`${given} events were given up`], code: 0 };
  const why = "it is the first of no queue, as `list` shows them: what is before it comes first";
  return { lines: [isSkip ? "nothing waits there" : why], code: 1 };
}

async function linesOf(
  db: Database,
  command: Exclude<OutboxCommand, { readonly name: "give-up" | "skip" }>,
): Promise<string[]> {
  const { selection } = command;
  const progress = (done: number) => process.stderr.write(`${done} events so far\n`);
  switch (command.name) {
    case "list": {
      const known = selection.sink === undefined ? [] : [selection.sink];
      const backlogs = (await readBacklog(db, known)).filter(
        ({ sink }) => selection.sink === undefined || sink === selection.sink,
      );
      const stops = (await readStops(db)).filter(
        ({ sink }) => selection.sink === undefined || sink === selection.sink,
      );
      const queues = await listQueues(db, selection, command.limit);
      const aside = await listAside(db, selection, command.limit);
      if (command.json) return [JSON.stringify({ stops, backlogs, queues, aside })];
      const now = new Date();
      return [
        ...reportStops(stops, now),
        ...reportQueues(backlogs, queues, now),
        ...reportAside(aside, now),
      ];
    }
    case "dead": {
      const dead = await listDead(db, selection, command.limit);
      return command.json ? [JSON.stringify(dead)] : reportDead(dead);
    }
    case "start":
      return [await start(db, command.selection.sink)];
    case "replay":
      return [
        `${await replay(db, selection, { dead: command.dead }, progress)} events will be delivered again`,
      ];
    case "retry":
      return [await retry(db, selection)];
    case "discard":
      return [`${await discardDead(db, selection, progress)} events were discarded`];
    case "discard waiting":
      return [`${await discardWaiting(db, command.selection)} events were discarded`];
  }
}

async function retry(db: Database, selection: Selection): Promise<string> {
  const queues = await retryNow(db, selection);
  const aside = await retryAsideNow(db, selection);
  return `${queues} queues are tried now${aside === 0 ? "" : `, and ${aside} events beside theirs`}`;
}

async function start(db: Database, sink: string): Promise<string> {
  if (!(await startSink(db, sink))) return `${sink} was not stopped`;
  const [backlog] = (await readBacklog(db, [])).filter((each) => each.sink === sink);
  return `${sink} is delivered to again, ${backlog?.waiting ?? 0} events wait for it`;
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "the outbox could not be read or changed",
});
