import { ConfigError, envReader } from "#service-kit/config.js";
import { openDatabase, readDatabaseConfig, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { parseCommand, USAGE, UsageError, type OutboxCommand } from "./options.js";
import { reportDead, reportQueues } from "./report.js";
import { readBacklog } from "./sql/backlog.js";
import { discardDead, listDead, listQueues, replay } from "./sql/operate.js";

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const command = parseCommand(argv);
  const read = envReader(env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  const silent = createLogger("outbox", "silent");
  const db = openDatabase(config, { name: "outbox", connections: 2 }, silent);
  try {
    return await carryOut(db, command);
  } finally {
    await db.close();
  }
}

async function carryOut(db: Database, command: OutboxCommand): Promise<string[]> {
  const { selection } = command;
  switch (command.name) {
    case "list": {
      const known = selection.sink === undefined ? [] : [selection.sink];
      const backlogs = (await readBacklog(db, known)).filter(
        ({ sink }) => selection.sink === undefined || sink === selection.sink,
      );
      return reportQueues(backlogs, await listQueues(db, selection, command.limit), new Date());
    }
    case "dead":
      return reportDead(await listDead(db, selection, command.limit));
    case "replay":
      return [
        `${await replay(db, selection, { dead: command.dead })} events will be delivered again`,
      ];
    case "discard":
      return [`${await discardDead(db, selection)} events were discarded`];
  }
}

try {
  for (const line of await main(process.argv.slice(2), process.env))
    process.stdout.write(`${line}\n`);
} catch (error) {
  const isForTheUser = error instanceof UsageError || error instanceof ConfigError;
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError) console.error(`\n${USAGE}`);
  else if (!isForTheUser) console.error("the outbox could not be read or changed");
  process.exitCode = 2;
}
