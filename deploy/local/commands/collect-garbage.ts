import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { AuditActor } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { CANARY_BYTES } from "#gateway/mode/canary.js";
import { unlessCollecting } from "#gateway/mode/collection-lock.js";
import { onNews, untilDrained } from "#gateway/mode/drain.js";
import { garbageRecord } from "#gateway/mode/garbage-record.js";
import { operator } from "#audit-log/operator.js";
import { readMode } from "#gateway/mode/sql.js";
import { switchMode } from "#gateway/mode/switch-mode.js";
import { wantsHelp } from "#service-kit/command.js";
import { ConfigError, envReader } from "#service-kit/config.js";
import { holderLines, lockHolders } from "#service-kit/db/lock-holders.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import {
  parseCollectCommand,
  refuseDangerous,
  type CollectCommand,
  USAGE,
} from "./collect-garbage-options.js";
import { openDataFolder, type DataFolder } from "../data-folder.js";
import { LocalStackError } from "../errors.js";
import { collect, type Garbage } from "./garbage.js";
import { restartRegistry } from "./restart-registry.js";
import { notedProcesses } from "../processes/pid-files.js";
import type { RegistryProgram } from "../programs/registry-binary.js";
import { DIST } from "../repository-root.js";
import { runProgram } from "../processes/run-program.js";
import { readLocalSettings } from "../settings.js";

const REASON = "garbage is being collected";
const SILENT = createLogger("", "silent");
const BACK_ATTEMPTS = 15;
const BACK_PAUSE_MS = 1_000;
const PATIENCE_MS = 6 * 3_600_000;

/** What the steps work with. */
interface Collection {
  readonly db: Database;
  readonly folder: DataFolder;
  readonly program: RegistryProgram;
  /** Whether blobs are in a bucket. */
  readonly isBucket: boolean;
  readonly command: CollectCommand;
  readonly signal: AbortSignal;
  /** Who collects; `null`: a dry run, which nobody has to answer for. */
  readonly by: AuditActor | null;
}

async function main(argv: readonly string[]): Promise<void> {
  const command = parseCollectCommand(argv);
  const by = command.dryRun ? null : collector(command.by);
  const folder = await openDataFolder(readLocalSettings(process.env).dataDir);
  if (!(await notedProcesses(folder.run)).has("gateway"))
    throw new LocalStackError(`no stack runs on ${folder.root}: npm start`);
  const text = await readFile(join(folder.run, "registry.json"), "utf8");
  const { program, storage } = JSON.parse(text) as { program: RegistryProgram; storage: string };
  refuseDangerous(command, program);
  const read = envReader(process.env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  const db = openDatabase(config, { name: "garbage", connections: 3 }, SILENT);
  const ending = endOnSignal();
  try {
    const { ran } = await unlessCollecting(config, SILENT, ({ lost }) => {
      const signal = AbortSignal.any([ending, lost]);
      const isBucket = storage !== "filesystem";
      const collection = { db, folder, program, isBucket, command, signal, by };
      return by === null
        ? collectAndTell(collection).then(() => undefined)
        : inReadOnlyMode(collection, by);
    });
    if (!ran) {
      for (const line of holderLines(await lockHolders(db), "collection")) say(line);
      throw new LocalStackError("garbage is being collected by another command");
    }
  } finally {
    await db.close();
  }
}

/** Whatever happens, it is switched back; a mode that somebody else has chosen stays. */
async function inReadOnlyMode(collection: Collection, actor: AuditActor): Promise<void> {
  const { db, command } = collection;
  const { drainSeconds } = command;
  const change = { reason: REASON, actor, drainSeconds };
  const record = garbageRecord({ db, audit: recordAudit }, actor, "blobs");
  const before = await readMode(db);
  // With our reason, and nobody at it: left by a collection that was killed.
  const isOurs = before.name === "normal" || before.reason === REASON;
  let isForgotten = true;
  try {
    if (isOurs) await switchMode({ db, audit: recordAudit }, { ...change, mode: "read-only" });
    say("read-only: pushes are refused for now, pulls go on");
    await untilAtRest(collection);
    await canary(collection, [
      ...["--by", actor.uid],
      ...(command.despiteSha512 ? ["--despite-sha512"] : []),
    ]);
    const { program, command: plan } = collection;
    await record.begun({ registry: program.version, deleteUntagged: plan.deleteUntagged });
    await record.ended({ ...(await collectAndTell(collection)) });
    isForgotten = false;
    // It remembers blobs of a bucket (registry-config), and would take images that lack one.
    if (collection.isBucket) await restartRegistry(collection.folder, say);
    await canary(collection, ["--check"]);
    isForgotten = true;
  } finally {
    if (!isForgotten) say("STILL READ-ONLY: restart the registry, then npm run mode -- normal");
    else if (isOurs) await switchBack(db, actor);
    else say("it was read-only before and stays so");
  }
}

/** The gateway's own command writes a blob that the collection has to remove, and asks whether it and the registry have. */
async function canary({ signal }: Collection, args: readonly string[]): Promise<void> {
  const script = join(DIST, "gateway/src/commands/mode/main.js");
  const command = { file: process.execPath, args: [script, "canary", ...args], env: process.env };
  const { ok, output } = await runProgram(command, { signal });
  signal.throwIfAborted();
  if (!ok) throw new LocalStackError(output.slice(-2_000));
  if (args.includes("--check")) say(output.trim());
}

async function switchBack(db: Database, actor: AuditActor): Promise<void> {
  const back = { mode: "normal", reason: "garbage was collected", drainSeconds: 0 } as const;
  for (let attempt = 1; ; attempt += 1)
    try {
      await switchMode({ db, audit: recordAudit }, { ...back, actor });
      say("normal again");
      return;
    } catch (error) {
      if (attempt === 1) say("the database does not answer: trying to switch back all the same");
      if (attempt < BACK_ATTEMPTS) await pause(BACK_PAUSE_MS);
      else {
        say("STILL READ-ONLY; when the database answers again: npm run mode -- normal");
        throw error;
      }
    }
}

async function untilAtRest({ db, command, signal }: Collection): Promise<void> {
  const progress = onNews((open) => {
    say(`waiting: ${open.join("; ")}`);
  });
  const open = await untilDrained(db, { seconds: command.waitSeconds, signal, progress });
  signal.throwIfAborted();
  if (open.length > 0) throw new LocalStackError(`gave up waiting: ${open.join("; ")}`);
}

/** @returns how much was freed, or would be */
async function collectAndTell(collection: Collection): Promise<Garbage & { seconds: string }> {
  const { folder, program, isBucket, command, signal } = collection;
  if (command.deleteUntagged) await refuseDrift(signal);
  const began = performance.now();
  const deleteManifests = (eligible: string) => deleteUntagged(collection, eligible);
  const options = { ...command, isBucket, signal };
  const freed = await collect(program, folder, options, deleteManifests);
  signal.throwIfAborted();
  const { blobs, bytes } = command.dryRun ? freed : withoutCanary(freed);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const verb = command.dryRun ? "would be freed" : "freed";
  const size = bytes === null ? "" : `, ${bytes} bytes`;
  say(`${blobs} blobs${size} ${verb} in ${seconds} s (registry ${program.version})`);
  return { blobs, bytes, seconds };
}

/** What was put there to be removed says nothing of the storage. */
function withoutCanary({ blobs, bytes }: Garbage): Garbage {
  return { blobs: blobs - 1, bytes: bytes === null ? null : bytes - CANARY_BYTES };
}

/** The gateway's own command decides, as on a `DELETE`, and puts on record what goes. */
async function deleteUntagged({ folder, by, signal }: Collection, eligible: string): Promise<void> {
  const file = join(folder.run, "untagged-manifests");
  await writeFile(file, eligible);
  const script = join(DIST, "gateway/src/commands/delete-untagged/main.js");
  const args = [script, ...(by === null ? ["--dry-run"] : ["--by", by.uid]), file];
  const command = { file: process.execPath, args, env: process.env };
  const { ok, output } = await runProgram(command, { timeoutMs: PATIENCE_MS, signal });
  signal.throwIfAborted();
  if (!ok) throw new LocalStackError(`--delete-untagged: ${output.slice(-2_000)}`);
  say(output);
}

/** A manifest whose tag somebody has moved has no tag at the registry, and the ledger promises it. */
async function refuseDrift(signal: AbortSignal): Promise<void> {
  const args = [join(DIST, "gateway/src/commands/discover/main.js"), "--dry-run", "--all"];
  const command = { file: process.execPath, args, env: process.env };
  const { ok, output } = await runProgram(command, { timeoutMs: 3_600_000, signal });
  if (ok) return;
  throw new LocalStackError(
    `--delete-untagged: ledger and registry have to agree first (npm run discover -- --repair)\n${output}`,
  );
}

function collector(by: string | undefined): AuditActor {
  try {
    return operator(by, process.env);
  } catch (error) {
    throw new LocalStackError((error as Error).message);
  }
}

function endOnSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      ending.abort(new LocalStackError(`ended by ${signal}`));
    });
  return ending.signal;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Whoever reads the output may leave before the work is done.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

try {
  if (wantsHelp(process.argv.slice(2))) say(USAGE);
  else await main(process.argv.slice(2));
} catch (error) {
  const isForTheUser = error instanceof LocalStackError || error instanceof ConfigError;
  console.error(isForTheUser ? `wharfinger: ${error.message}` : error);
  process.exitCode = 1;
}
