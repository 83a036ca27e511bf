import { recordAudit } from "#audit-log/record-audit.js";
import { ConfigError, envReader } from "#service-kit/config.js";
import { openDatabase, readDatabaseConfig, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { readDrainState, untilDrained, whatIsOpen } from "./drain.js";
import { operator } from "./operator.js";
import { parseCommand, USAGE, UsageError, type ModeCommand } from "./options.js";
import { forgetGateway } from "./sql.js";
import { switchMode } from "./switch-mode.js";

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv);
  const read = envReader(env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  const silent = createLogger("mode", "silent");
  const db = openDatabase(config, { name: "mode", connections: 3 }, silent);
  try {
    return await carryOut(db, command);
  } finally {
    await db.close();
  }
}

async function carryOut(db: Database, command: ModeCommand): Promise<number> {
  if (command.name === "show") return show(db);
  if (command.name === "forget") {
    const known = await forgetGateway(db, command.gateway);
    print(known ? `${command.gateway} is forgotten` : `${command.gateway} is not known`);
    return known ? 0 : 2;
  }
  const { name: mode, reason } = command;
  const drainSeconds = command.name === "read-only" ? command.drainSeconds : 0;
  const deps = { db, audit: recordAudit };
  const changed = await switchMode(deps, { mode, reason, actor: operator(), drainSeconds });
  print(changed ? `${mode}: ${reason}` : `it was ${mode} already`);
  if (command.name === "normal" || command.waitSeconds === null) return 0;
  return wait(db, command.waitSeconds);
}

async function wait(db: Database, seconds: number): Promise<number> {
  let said = "";
  const progress = (open: readonly string[]) => {
    if (open.join() !== said) process.stderr.write(`… ${open.join("; ")}\n`);
    said = open.join();
  };
  const { signal } = new AbortController();
  const open = await untilDrained(db, { seconds, signal, progress });
  if (open.length === 0) print("nothing is under way any more");
  else for (const line of open) print(`still: ${line}`);
  return open.length === 0 ? 0 : 1;
}

async function show(db: Database): Promise<number> {
  const state = await readDrainState(db);
  const { mode, gateways, reservations, uploads } = state;
  print(`mode: ${mode.name}`);
  if (mode.changedAt !== null)
    print(`since ${mode.changedAt}, by ${mode.changedBy || "nobody named"}: ${mode.reason}`);
  for (const { name, writes, follows, silentSeconds } of gateways)
    print(
      `gateway ${name}: ${writes} writes under way, ` +
        `${follows === mode.changedAt ? "follows" : "does not follow yet"}, ` +
        `heard of ${Math.round(silentSeconds)} s ago`,
    );
  print(`tags being written: ${reservations}, uploads not ended: ${uploads}`);
  if (mode.name === "read-only")
    print(whatIsOpen(state).length === 0 ? "at rest" : "not at rest yet");
  return 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2), process.env);
} catch (error) {
  const known = error instanceof UsageError || error instanceof ConfigError;
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError) console.error(`\n${USAGE}`);
  else if (!known) console.error("the mode could not be read or changed");
  process.exitCode = 2;
}
