import { randomUUID } from "node:crypto";
import type { AuditActor } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { runCommand } from "#service-kit/command.js";
import { envReader } from "#service-kit/config.js";
import { holderLines, lockHolders } from "#service-kit/db/lock-holders.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { readBounds } from "../../config/bounds.js";
import type { Bounds } from "../../ledger/bounds.js";
import { manifestsToLoseBlobs } from "../../ledger/blobs-by-other-digests.js";
import { endManifestWrite } from "../../ledger/end-manifest-write.js";
import { endWrite, type EndedWrite } from "../../ledger/end-write.js";
import type { ManifestKey } from "../../ledger/sql/tags-of-manifest.js";
import { releaseCanary, whatRemembers } from "../../mode/canary.js";
import { readCanary } from "../../mode/canary-sql.js";
import { unlessCollecting } from "../../mode/collection-lock.js";
import { forgetOnRecord } from "../../mode/forget-gateway.js";
import { onNews, readDrainState, untilDrained, whatIsOpen } from "../../mode/drain.js";
import { describeWrite } from "../../mode/open-writes.js";
import { operator } from "#audit-log/operator.js";
import { parseCommand, USAGE, type ModeCommand } from "./options.js";
import { listGateways, readMode } from "../../mode/sql.js";
import { switchMode, type ModeChange } from "../../mode/switch-mode.js";
import { openRegistryProcesses } from "../../wiring/canary.js";
import { configOfCommand } from "../../wiring/command.js";

const SILENT = createLogger("mode", "silent");
/** Manifests that a refusal names. */
const MOST_NAMED = 10;

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
      return show(db, command.json);
    case "forget":
      return forget(db, command.gateway, operator(command.by, process.env));
    case "end":
      return end(db, command.what, operator(command.by, process.env));
    case "normal":
      return backToNormal(db, config, { ...command, actor: operator(command.by, process.env) });
    case "canary":
      return command.check ? checkCanary(db) : writeCanary(db, command);
    case "read-only": {
      const { reason, drainSeconds } = command;
      const actor = operator(command.by, process.env);
      await change(db, { mode: "read-only", reason, actor, drainSeconds });
      return command.waitSeconds === null ? 0 : wait(db, command.waitSeconds);
    }
  }
}

async function forget(db: Database, gateway: string, actor: AuditActor): Promise<number> {
  const gateways = await listGateways(db);
  const meant = gateways.map(({ name }) => name).filter((name) => isMeant(name, gateway));
  const [name, ...more] = meant;
  if (name === undefined || more.length > 0) {
    print(name === undefined ? `${gateway} is not known` : `which one? ${meant.join(" ")}`);
    return 2;
  }
  await forgetOnRecord({ db, audit: recordAudit }, name, actor);
  print(`${name} is forgotten`);
  return 0;
}

/** Its whole name, or host and port while only one has them. */
function isMeant(name: string, given: string): boolean {
  return name === given || name.startsWith(`${given}/`);
}

/** Gateways may be told other bounds than the usual ones, and this command as they. */
function boundsOf(env: NodeJS.ProcessEnv): Bounds {
  const read = envReader(env);
  const bounds = readBounds(read);
  read.throwIfFaulty();
  return bounds;
}

async function end(db: Database, what: TagKey | ManifestKey, actor: AuditActor): Promise<number> {
  const bounds = boundsOf(process.env);
  const outcome =
    "digest" in what
      ? await endManifestWrite({ db, audit: recordAudit, bounds }, what, actor)
      : await endTagWrite(db, bounds, what, actor);
  const mark = "digest" in what ? `@${what.digest}` : `:${what.tag}`;
  print(`${what.repository}${mark}: ${outcome}`);
  return outcome === "ended" ? 0 : 2;
}

function endTagWrite(
  db: Database,
  bounds: Bounds,
  tag: TagKey,
  by: AuditActor,
): Promise<EndedWrite> {
  const deps = {
    ...{ db, log: SILENT, audit: recordAudit },
    counts: { step: () => undefined, source: () => undefined },
    waiting: { pause: () => Promise.resolve(), bounds },
  };
  return endWrite(deps, tag, { by, reservation: randomUUID() });
}

/**
 * A push while garbage is being collected could lose its layers after it was acknowledged; and one of layers that a registry
 * only remembers.
 */
async function backToNormal(
  db: Database,
  config: DatabaseConfig,
  {
    reason,
    unproven,
    actor,
  }: { readonly reason: string; readonly unproven: boolean; readonly actor: AuditActor },
): Promise<number> {
  const outcome = await unlessCollecting(config, SILENT, async () => {
    const isProven = unproven || (await checkCanary(db)) === 0;
    const why = unproven ? `${reason} (unproven)` : reason;
    if (isProven) await change(db, { mode: "normal", reason: why, actor, drainSeconds: 0 });
    return isProven ? 0 : 2;
  });
  if (outcome.ran) return outcome.result;
  for (const line of holderLines(await lockHolders(db), "collection")) console.error(line);
  console.error("garbage is being collected: end that first, or wait until it has ended");
  return 2;
}

/** Only who needs the registry needs its variables. */
async function openRegistry() {
  const config = configOfCommand(process.env);
  return openRegistryProcesses(config);
}

/** Before a collection begins is the last moment at which it can be told what it would cost. */
async function writeCanary(
  db: Database,
  { despiteSha512, by }: { readonly despiteSha512: boolean; readonly by?: string | undefined },
): Promise<number> {
  const actor = operator(by, process.env);
  if ((await readMode(db)).name === "normal") {
    console.error("anybody may push at present: mode read-only --wait first");
    return 2;
  }
  const lost = despiteSha512 ? [] : await manifestsToLoseBlobs(db, MOST_NAMED);
  if (lost.length > 0) {
    for (const { repository, digest } of lost) console.error(`${repository}@${digest}`);
    console.error(
      "these, and perhaps more, name layers by sha512, which the registry's garbage collection removes although they are needed: " +
        "have them pushed by sha256 and delete these, or do without them: --despite-sha512",
    );
    return 2;
  }
  const having = await releaseCanary({
    ...{ db, audit: recordAudit, actor },
    registry: await openRegistry(),
  });
  print(`a canary is written: ${having.join(", ")}`);
  return 0;
}

async function checkCanary(db: Database): Promise<number> {
  if ((await readCanary(db)) === null) return 0;
  const open = await whatRemembers({ db, registry: await openRegistry() });
  for (const line of open) console.error(line);
  if (open.length > 0)
    console.error(
      "still read-only: collect garbage, restart those registries, then mode normal; or mode normal --unproven",
    );
  else print("the canary is gone, at every process of the registry");
  return open.length === 0 ? 0 : 2;
}

async function change(db: Database, to: ModeChange): Promise<void> {
  const { mode, reason } = to;
  const changed = await switchMode({ db, audit: recordAudit }, to);
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

async function show(db: Database, json: boolean): Promise<number> {
  const state = await readDrainState(db);
  if (json) {
    print(JSON.stringify({ ...state, open: whatIsOpen(state), locks: await lockHolders(db) }));
    return 0;
  }
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
