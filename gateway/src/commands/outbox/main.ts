import { recordAudit } from "#audit-log/record-audit.js";
import { runCommand } from "#service-kit/command.js";
import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { parseCommand, USAGE, type OutboxCommand } from "./options.js";
import { reportAside, reportDead, reportQueues, reportStops } from "./report.js";
import { operator } from "#audit-log/operator.js";
import { changeOutbox, type OutboxChange, type OutboxChanged } from "../../outbox/change-outbox.js";
import { readOutbox } from "../../outbox/read-outbox.js";
import { readBacklog } from "../../outbox/sql/backlog.js";
import { unknownNames } from "../../outbox/sql/known-names.js";
import { listDead } from "../../outbox/sql/list.js";

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
  if ("limit" in command) return { lines: await shown(db, command), code: 0 };
  const by = operator(command.by, process.env);
  const asked = changeOf(command);
  const progress = (done: number) => process.stderr.write(`${done} events so far\n`);
  const changed = await changeOutbox({ db, audit: recordAudit }, asked, by, progress);
  const isNothing = changed.events === 0 && (command.name === "give-up" || command.name === "skip");
  return { lines: [await said(db, asked, changed)], code: isNothing ? 1 : 0 };
}

type Listing = Extract<OutboxCommand, { readonly limit: number }>;

function changeOf(command: Exclude<OutboxCommand, Listing>): OutboxChange {
  switch (command.name) {
    case "replay":
      return { change: command.dead ? "replay-dead" : "replay", selection: command.selection };
    case "discard":
      return { change: "discard-dead", selection: command.selection };
    case "discard waiting":
      return { change: "discard-waiting", selection: command.selection };
    case "start":
      return { change: command.name, selection: command.selection };
    default:
      return { change: command.name, selection: command.selection };
  }
}

async function shown(db: Database, command: Listing): Promise<string[]> {
  const { selection } = command;
  if (command.name === "dead") {
    const dead = await listDead(db, selection, command.limit);
    return command.json ? [JSON.stringify(dead)] : reportDead(dead);
  }
  const waiting = await readOutbox(db, selection, command.limit);
  if (command.json) return [JSON.stringify(waiting)];
  const { stops, backlogs, queues, aside } = waiting;
  const now = new Date();
  return [
    ...reportStops(stops, now),
    ...reportQueues(backlogs, queues, now),
    ...reportAside(aside, now),
  ];
}

async function said(
  db: Database,
  { change, selection }: OutboxChange,
  { events, queues }: OutboxChanged,
): Promise<string> {
  switch (change) {
    case "retry":
      return `${queues} queues are tried now${events === 0 ? "" : `, and ${events} events beside theirs`}`;
    case "start": {
      const { sink } = selection;
      if (queues === 0) return `${sink} was not stopped`;
      const [backlog] = (await readBacklog(db, [])).filter((each) => each.sink === sink);
      return `${sink} is delivered to again, ${backlog?.waiting ?? 0} events wait for it`;
    }
    case "skip":
      return events > 0 ? `${events} events were given up` : "nothing waits there";
    case "give-up":
      return events > 0
        ? `${events} events were given up`
        : "it is the first of no queue, as `list` shows them: what is before it comes first";
    case "replay":
    case "replay-dead":
      return `${events} events will be delivered again`;
    case "discard-dead":
    case "discard-waiting":
      return `${events} events were discarded`;
  }
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "the outbox could not be read or changed",
});
