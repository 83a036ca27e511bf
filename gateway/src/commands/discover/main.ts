import { parseArgs } from "node:util";
import { recordAudit } from "#audit-log/record-audit.js";
import { runCommand, understood, UsageError } from "#service-kit/command.js";
import { holderLines, lockHolders } from "#service-kit/db/lock-holders.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { wholeDatabase } from "#service-kit/db/whole-database.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { durationSeconds } from "#service-kit/duration.js";
import { createLogger, type Logger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { numberOption } from "#service-kit/number-option.js";
import { pointInTime } from "#service-kit/point-in-time.js";
import { usageOf } from "#service-kit/usage.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { trustOutboundAuthorities } from "#service-kit/tls/outbound-authorities.js";
import { readConfig, type GatewayConfig } from "../../config/config.js";
import { DISCOVERY_RATES } from "../../config/record-settings.js";
import type { Sink } from "../../events/sink.js";
import { announcing } from "../../outbox/announcing.js";
import { operator } from "../../mode/operator.js";
import { readMode } from "../../mode/sql.js";
import { openSinks } from "../../sinks/open-sinks.js";
import { whyShut } from "../../storage/storage-state.js";
import { openPasses } from "../../wiring/discovery.js";
import { openOwnRequests } from "../../wiring/registry.js";
import { openStorage } from "../../wiring/storage.js";
import { openTagRules } from "../../wiring/tag-rules.js";
import { discoverOnce } from "../../discovery/discovery.js";
import { progressLine, reportLines } from "./report.js";
import { whenFree } from "./when-free.js";
import { isInOrder } from "../../discovery/in-order.js";
import type { Taking } from "../../discovery/pass.js";
import type { PassSummary } from "../../discovery/tally.js";
import { GATEWAY_SCHEMAS } from "../../wiring/migrations.js";

const USAGE = usageOf({
  about: "Compares the ledger with the registry once",
  call: "npm run discover --",
  program: "gateway/src/commands/discover/main.js",
  forms: `  [--dry-run] [--repair] [--all | --slice] [--rate NUMBER] [--wait DURATION]
  [--dry-run] --accept-registry [--since TIME] [--rate NUMBER] [--wait DURATION]
      --dry-run changes nothing; --repair writes what the ledger says to the registry again where it has
      something else; --all, as without it, compares every tag; --slice only the next DISCOVERY_SLICE of
      them, as one pass of a gateway does; --wait begins when another pass that is under way has ended; --rate asks the
      registry so many questions a second, in place of DISCOVERY_RATE, for when it has nothing else to do
      --accept-registry, after the ledger was given an older state back: takes mutable tags over as they stand at
      the registry, on record, and lets what was found there count as pushed; --since is when gateways
      worked on that state for the first time: what was pushed since stays`,
  examples: ["--dry-run", "--repair --wait 10m", "--accept-registry --since 2026-11-20T22:45:00Z"],
  ends: "0 when all that was compared is in order, 1 when drift, absent tags or errors remained, 2 when it could not be done",
  environment: "the gateway's",
});

interface DiscoverCommand {
  readonly dryRun: boolean;
  readonly repair: boolean;
  readonly slice: boolean;
  readonly taking: Taking | null;
  readonly waitSeconds: number;
  /** Questions a second; `null`: as the gateway's passes. */
  readonly rate: number | null;
}

const MOST_WAIT_SECONDS = 86_400;

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv);
  const config = readConfig(env);
  trustOutboundAuthorities(config.outboundAuthoritiesFile);
  const silent = createLogger("discover", "silent");
  const pool = openDatabase(config.database, { name: "discover", connections: 10 }, silent);
  const { db } = wholeDatabase(pool, GATEWAY_SCHEMAS, silent);
  const { policy, registry } = await openRegistry(config, silent);
  // What it puts into the queues a gateway delivers.
  const sinks = openSinks(config.events, outgoing(config.proxies));
  const audit = announcing(recordAudit, sinks, () => undefined);
  const { dryRun } = command;
  if (!dryRun) process.stderr.write(`${sinksLine(sinks)}\n`);
  try {
    const mode = await readMode(db);
    const writes = { mode: () => mode, shut: () => undefined, admit: () => () => undefined };
    const own = { store: { db }, log: silent, metrics: createMetrics(), audit };
    const standing = openStorage(config, { ...own, registry, mode: { writes } });
    const doubt = whyShut(await standing.storage.look());
    if (doubt !== null) throw new Error(doubt);
    const deps = {
      parts: openPasses({ db, log: silent, audit, policy, registry: standing.registry }),
      database: config.database,
    };
    const signal = endOnSignal();
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
      progress: progressTo(process.stderr),
    } as const;
    const telling = async () => {
      for (const line of holderLines(await lockHolders(db), "discovery"))
        process.stderr.write(`${line}\n`);
    };
    const { waitSeconds } = command;
    const pass = () => discoverOnce(deps, options);
    const summary = await whenFree(pass, { waitSeconds, signal, telling });
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

async function openRegistry(config: GatewayConfig, log: Logger) {
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  // The gateways put a change of the rules on record.
  const records = { note: () => undefined, record: () => Promise.resolve() };
  const { policy } = await openTagRules(config.tagPolicyFile, { records, log });
  return { policy, registry: openOwnRequests(config, keys) };
}

function parseCommand(argv: readonly string[]): DiscoverCommand {
  const { values } = understood(() =>
    parseArgs({
      args: [...argv],
      options: {
        "dry-run": { type: "boolean", default: false },
        repair: { type: "boolean", default: false },
        all: { type: "boolean", default: false },
        slice: { type: "boolean", default: false },
        "accept-registry": { type: "boolean", default: false },
        since: { type: "string" },
        wait: { type: "string", default: "0" },
        rate: { type: "string" },
      },
    }),
  );
  const { repair, all, slice } = values;
  if (all && slice) throw new UsageError("--all and --slice: only one of them");
  const takes = values["accept-registry"];
  if (takes && (slice || repair))
    throw new UsageError("--accept-registry: neither with --slice nor with --repair");
  if (values.since !== undefined && !takes)
    throw new UsageError("--since: only with --accept-registry");
  const taking = takes ? { since: timeOf(values.since), by: operator() } : null;
  const waitSeconds = durationSeconds("--wait", values.wait, MOST_WAIT_SECONDS);
  const rate =
    values.rate === undefined ? null : numberOption("--rate", values.rate, DISCOVERY_RATES);
  return { dryRun: values["dry-run"], repair, slice, taking, waitSeconds, rate };
}

function timeOf(text: string | undefined): string | null {
  return text === undefined ? null : pointInTime("--since", text, Date.now()).toISOString();
}

function endOnSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      ending.abort(new Error(`ended by ${signal}`));
    });
  return ending.signal;
}

const PROGRESS_MILLISECONDS = { terminal: 200, file: 2_000 };

/** On a terminal one line that changes; elsewhere a line now and then. */
function progressTo(stream: NodeJS.WriteStream): (summary: PassSummary) => void {
  let told = Date.now();
  return (summary) => {
    const every = stream.isTTY ? PROGRESS_MILLISECONDS.terminal : PROGRESS_MILLISECONDS.file;
    if (Date.now() - told < every) return;
    told = Date.now();
    stream.write(
      stream.isTTY ? `\r\u001b[K${progressLine(summary)}` : `… ${progressLine(summary)}\n`,
    );
  };
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "ledger and registry could not be compared",
});
