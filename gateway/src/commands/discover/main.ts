import { MARKER } from "#registry-protocol/storage-marker.js";
import { runCommand } from "#service-kit/command.js";
import { holderLines, lockHolders } from "#service-kit/db/lock-holders.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { wholeDatabase } from "#service-kit/db/whole-database.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { createLogger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { usageOf } from "#service-kit/usage.js";
import { endOnSignal } from "#service-kit/end-on-signal.js";
import { progressTo } from "#service-kit/progress-line.js";
import type { Sink } from "../../events/sink.js";
import { announcing } from "../../outbox/announcing.js";
import { readMode } from "../../mode/sql.js";
import { openSinks } from "../../sinks/open-sinks.js";
import { whyShut } from "../../storage/storage-state.js";
import { openStoredFiles } from "../../stored-files/open-stored-files.js";
import type { StoredFiles } from "../../stored-files/stored-files.js";
import { openPasses } from "../../wiring/discovery.js";
import { type Registry } from "../../wiring/registry.js";
import { openStorage } from "../../wiring/storage.js";
import { discoverOnce } from "../../discovery/discovery.js";
import { listingOfStorage, refuseOtherStorage } from "../../discovery/listing-of-storage.js";
import { configOfCommand, openRegistryOfCommand, recordOfCommand } from "../../wiring/command.js";
import { parseCommand } from "./options.js";
import { orderedBy } from "./ordered-by.js";
import { progressLine, reportLines } from "./report.js";
import { whenFree } from "./when-free.js";
import { isInOrder } from "../../discovery/in-order.js";
import { GATEWAY_SCHEMAS } from "../../wiring/migrations.js";

const USAGE = usageOf({
  about: "Compares the ledger with the registry once",
  call: "npm run discover --",
  program: "gateway/src/commands/discover/main.js",
  forms: `  [--dry-run] [--repair] [--all | --slice] [--storage PLACE | --hidden] [--rate NUMBER] [--wait DURATION]
  [--dry-run] --accept-registry [--since TIME] [--rate NUMBER] [--wait DURATION]
      --dry-run changes nothing; --repair writes what the ledger says to the registry again where it has
      something else; --all, as without it, compares every tag; --slice only the next DISCOVERY_SLICE of
      them, as one pass of a gateway does; --wait begins when another pass that is under way has ended; --rate asks the
      registry so many questions a second, in place of DISCOVERY_RATE, for when it has nothing else to do
      --storage reads the names of tags from the registry's storage, where registries 3.1.0 and 3.1.1 on S3 leave some out
      of their lists: PLACE is its root directory, or s3://BUCKET/ROOT-DIRECTORY with AWS_REGION, the credentials that AWS'
      programs find, and AWS_ENDPOINT_URL_S3 for a storage that is not Amazon's
      --hidden finds the same without the storage, by asking the registry one question more for each tag
      --accept-registry, after the ledger was given an older state back: takes mutable tags over as they stand at
      the registry, on record, and lets what was found there count as pushed; --since is when gateways
      worked on that state for the first time: what was pushed since stays
      --repair and --accept-registry go on record with who ordered them: --by NAME, without it who has become another by
      sudo, or whose account it is`,
  examples: [
    "--dry-run",
    "--repair --wait 10m",
    "--storage s3://images/registry --rate 1000",
    "--accept-registry --since 2026-11-20T22:45:00Z",
  ],
  ends: "0 when all that was compared is in order, 1 when drift, absent tags or errors remained, 2 when it could not be done",
  environment: "the gateway's",
});

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv, env);
  const config = configOfCommand(env);
  const silent = createLogger("discover", "silent");
  const pool = openDatabase(config.database, { name: "discover", connections: 10 }, silent);
  const { db } = wholeDatabase(pool, GATEWAY_SCHEMAS, silent);
  const { policy, registry } = await openRegistryOfCommand(config, silent, command.hidden);
  // What it puts into the queues a gateway delivers.
  const connections = outgoing(config.proxies);
  const sinks = openSinks(config.events, connections);
  const audit = announcing(recordOfCommand(policy), sinks, () => undefined);
  const { dryRun, place } = command;
  const files = place === null ? null : openStoredFiles("--storage", place, env, connections);
  if (!dryRun) process.stderr.write(`${sinksLine(sinks)}\n`);
  try {
    const mode = await readMode(db);
    const writes = { mode: () => mode, shut: () => undefined, admit: () => () => undefined };
    const own = { store: { db }, log: silent, metrics: createMetrics(), audit };
    const standing = openStorage(config, { ...own, registry, mode: { writes } });
    const doubt = whyShut(await standing.storage.look());
    if (doubt !== null) throw new Error(doubt);
    const signal = endOnSignal();
    const compared = await namedByStorage(standing.registry, files, signal);
    const deps = {
      parts: openPasses({ db, log: silent, audit, policy, registry: compared }),
      database: config.database,
    };
    const options = {
      ...config.discovery,
      slice: command.slice ? config.discovery.slice : "all",
      repair: command.repair || config.discovery.repair,
      perSecond: command.rate ?? config.discovery.perSecond,
      roundSeconds: 0,
      dryRun,
      // What is gone as a whole is to be written again, or known to be lost.
      trusted: command.repair || command.taking !== null,
      taking: command.taking,
      signal,
      progress: progressTo(process.stderr, progressLine),
    } as const;
    const telling = async () => {
      for (const line of holderLines(await lockHolders(db), "discovery"))
        process.stderr.write(`${line}\n`);
    };
    const { waitSeconds } = command;
    const pass = () => discoverOnce(deps, options);
    const ordered = orderedBy({ db, audit }, command);
    await ordered.begun();
    const summary = await whenFree(pass, { waitSeconds, signal, telling });
    await ordered.ended(summary);
    if (summary === null)
      throw new Error("another pass is under way: try again in a while, or with --wait");
    for (const line of reportLines(summary, dryRun)) process.stdout.write(`${line}\n`);
    return isInOrder(summary) ? 0 : 1;
  } finally {
    await db.close();
  }
}

/** Whoever runs it without the gateway's variables is told that nobody will be. */
function sinksLine(sinks: readonly Sink[]): string {
  const names = sinks.map(({ name }) => name).join(", ");
  return `what it finds is announced to: ${names || "nobody, since no sink is configured here"}`;
}

/** What the registry has, by the names in its storage where that is at hand. */
async function namedByStorage(
  registry: Registry,
  files: StoredFiles | null,
  signal: AbortSignal,
): Promise<Registry> {
  if (files === null) return registry;
  await refuseOtherStorage(
    files,
    await registry.upstream.digestOfTag(MARKER.repository, MARKER.tag),
    signal,
  );
  return { ...registry, listing: listingOfStorage(files) };
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "ledger and registry could not be compared",
});
