import { runCommand } from "#service-kit/command.js";
import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { parseCommand, USAGE, type OutboxCommand } from "./options.js";
import { reportDead, reportQueues, reportStops } from "./report.js";
import { readBacklog } from "../../outbox/sql/backlog.js";
import { unknownNames } from "../../outbox/sql/known-names.js";
import { listDead, listQueues } from "../../outbox/sql/list.js";
import { discardDead } from "../../outbox/sql/dead-letters.js";
import { discardWaiting, replay } from "../../outbox/sql/operate.js";
import { readStops, startSink } from "../../outbox/sql/stops.js";

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv);
  const read = envReader(env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  const silent = createLogger("outbox", "silent");
  const db = openDatabase(config, { name: "outbox", connections: 2 }, silent);
  try {
    for (const name of await unknownNames(db, command.selection))
      process.stderr.write(`--${name}: nothing was ever meant for ${command.selection[name]}\n`);
    for (const line of await carryOut(db, command)) process.stdout.write(`${line}\n`);
    return 0;
  } finally {
    await db.close();
  }
}

async function carryOut(db: Database, command: OutboxCommand): Promise<string[]> {
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
      const now = new Date();
      return [...reportStops(stops, now), ...reportQueues(backlogs, queues, now)];
    }
    case "dead":
      return reportDead(await listDead(db, selection, command.limit));
    case "start":
      return [await start(db, command.selection.sink)];
    case "replay":
      return [
        `${await replay(db, selection, { dead: command.dead }, progress)} events will be delivered again`,
      ];
    case "discard":
      return [`${await discardDead(db, selection, progress)} events were discarded`];
    case "discard waiting":
      return [`${await discardWaiting(db, command.selection)} events were discarded`];
  }
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
