import { randomUUID } from "node:crypto";
import { recordAudit } from "#audit-log/record-audit.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { runCommand } from "#service-kit/command.js";
import { envReader } from "#service-kit/config.js";
import { holderLines, lockHolders } from "#service-kit/db/lock-holders.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { BOUNDS } from "../../ledger/bounds.js";
import { endWrite } from "../../ledger/end-write.js";
import { unlessCollecting } from "../../mode/collection-lock.js";
import { onNews, readDrainState, untilDrained, whatIsOpen } from "../../mode/drain.js";
import type { ModeName } from "../../mode/mode.js";
import { describeWrite } from "../../mode/open-writes.js";
import { operator } from "../../mode/operator.js";
import { parseCommand, USAGE, type ModeCommand } from "./options.js";
import { forgetGateway, listGateways } from "../../mode/sql.js";
import { switchMode } from "../../mode/switch-mode.js";

const SILENT = createLogger("mode", "silent");

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv);
  const read = envReader(env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  const db = openDatabase(config, { name: "mode", connections: 3 }, SILENT);
  try {
    return await carryOut(db, config, command);
  } finally {
    await db.close();
  }
}

async function carryOut(
  db: Database,
  config: DatabaseConfig,
  command: ModeCommand,
): Promise<number> {
  switch (command.name) {
    case "show":
      return show(db);
    case "forget":
      return forget(db, command.gateway);
    case "end":
      return end(db, command.tag);
    case "normal":
      return backToNormal(db, config, command.reason);
    case "read-only": {
      await change(db, "read-only", command.reason, command.drainSeconds);
      return command.waitSeconds === null ? 0 : wait(db, command.waitSeconds);
    }
  }
}

async function forget(db: Database, gateway: string): Promise<number> {
  const gateways = await listGateways(db);
  const meant = gateways.map(({ name }) => name).filter((name) => isMeant(name, gateway));
  const [name, ...more] = meant;
  if (name === undefined || more.length > 0) {
    print(name === undefined ? `${gateway} is not known` : `which one? ${meant.join(" ")}`);
    return 2;
  }
  await forgetGateway(db, name);
  print(`${name} is forgotten`);
  return 0;
}

/** Its whole name, or host and port while only one has them. */
function isMeant(name: string, given: string): boolean {
  return name === given || name.startsWith(`${given}/`);
}

async function end(db: Database, tag: TagKey): Promise<number> {
  const deps = {
    ...{ db, log: SILENT, audit: recordAudit },
    counts: { step: () => undefined, source: () => undefined },
    waiting: { pause: () => Promise.resolve(), bounds: BOUNDS },
  };
  const outcome = await endWrite(deps, tag, { by: operator(), reservation: randomUUID() });
  print(`${tag.repository}:${tag.tag}: ${outcome}`);
  return outcome === "ended" ? 0 : 2;
}

/** A push while garbage is being collected could lose its layers after it was acknowledged. */
async function backToNormal(db: Database, config: DatabaseConfig, reason: string): Promise<number> {
  const { ran } = await unlessCollecting(config, SILENT, () => change(db, "normal", reason, 0));
  if (ran) return 0;
  for (const line of holderLines(await lockHolders(db), "collection")) console.error(line);
  console.error("garbage is being collected: end that first, or wait until it has ended");
  return 2;
}

async function change(
  db: Database,
  mode: ModeName,
  reason: string,
  drainSeconds: number,
): Promise<void> {
  const deps = { db, audit: recordAudit };
  const changed = await switchMode(deps, { mode, reason, actor: operator(), drainSeconds });
  print(changed ? `${mode}: ${reason}` : `it was ${mode} already`);
}

async function wait(db: Database, seconds: number): Promise<number> {
  const progress = onNews((open) => {
    process.stderr.write(`… ${open.join("; ")}\n`);
  });
  const { signal } = new AbortController();
  const open = await untilDrained(db, { seconds, signal, progress });
  if (open.length === 0) print("nothing is under way any more");
  else for (const line of open) print(`still: ${line}`);
  return open.length === 0 ? 0 : 1;
}

async function show(db: Database): Promise<number> {
  const state = await readDrainState(db);
  const { mode, gateways, reservations, unanswered, uploads, named } = state;
  print(`mode: ${mode.name}`);
  if (mode.changedAt !== null)
    print(`as of ${mode.changedAt}, by ${mode.changedBy || "nobody named"}: ${mode.reason}`);
  for (const { name, writes, follows, silentSeconds } of gateways)
    print(
      `gateway ${name}: ${writes} writes under way, ` +
        `${follows === mode.changedAt ? "follows" : "does not follow yet"}, ` +
        `heard of ${Math.round(silentSeconds)} s ago`,
    );
  print(`tags being written: ${reservations}, uploads not ended: ${uploads}`);
  print(`requests that the registry may still carry out: ${unanswered}`);
  for (const write of named) print(describeWrite(write));
  if (mode.name === "read-only")
    print(whatIsOpen(state).length === 0 ? "at rest" : "not at rest yet");
  for (const line of holderLines(await lockHolders(db))) print(line);
  return 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "the mode could not be read or changed",
});
