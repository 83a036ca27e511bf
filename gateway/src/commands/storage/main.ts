import { parseArgs } from "node:util";
import type { AuditActor } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { MARKER, STEP, type StorageStep } from "#registry-protocol/storage-marker.js";
import { runCommand, understood, UsageError } from "#service-kit/command.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { usageOf } from "#service-kit/usage.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { operator } from "#audit-log/operator.js";
import { takeStorage } from "../../storage/accept-storage.js";
import { stepAt } from "../../storage/look-at-step.js";
import { readStorage } from "../../storage/sql.js";
import { openOwnRequests, type Registry } from "../../wiring/registry.js";
import { configOfCommand } from "../../wiring/command.js";

const USAGE = usageOf({
  about: "Which storage the registry has",
  call: "npm run storage --",
  program: "gateway/src/commands/storage/main.js",
  forms: `  show
      prints the marker that the ledger knows and how far that storage had come, and what stands at the registry
  accept --reason TEXT
      says, on record, that the storage that the registry has now is the right one: its marker counts from now on,
      and where it has none it gets one

  --by NAME is who does it, for the audit log; without it who has become another by sudo, or whose account it is`,
  examples: ["show", "accept --reason 'restored from the backup of Sunday'"],
  ends: "0 when both are the same and it is no older state, 1 when not, 2 when it failed",
  environment: "the gateway's",
});

const SILENT = createLogger("storage", "silent");

interface StorageCommand {
  readonly name: "show" | "accept";
  readonly reason: string;
  readonly by: string | undefined;
}

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv);
  const config = configOfCommand(env);
  const db = openDatabase(config.database, { name: "storage", connections: 2 }, SILENT);
  try {
    const keys = await openKeyRing(config.keys, { now: Date.now, log: SILENT });
    const registry = openOwnRequests(config, keys);
    return command.name === "show"
      ? await show(db, registry)
      : await accept(db, registry, { reason: command.reason, by: operator(command.by, env) });
  } finally {
    await db.close();
  }
}

async function show(db: Database, { upstream }: Pick<Registry, "upstream">): Promise<number> {
  const known = await readStorage(db);
  const found = await upstream.digestOfTag(MARKER.repository, MARKER.tag, known?.digest);
  const step = await upstream.digestOfTag(STEP.repository, STEP.tag);
  const there = step === null ? null : await stepAt(upstream, step);
  print(`the ledger knows    ${known?.digest ?? "none"}, ${described(known?.step ?? null)}`);
  print(`the registry bears  ${found ?? "none"}, ${described(there)}`);
  const isOlder = (there?.number ?? 0) < (known?.step?.number ?? 0);
  return known?.digest === found && !isOlder ? 0 : 1;
}

function described(step: (Pick<StorageStep, "number"> & { readonly at: string | null }) | null) {
  return step === null ? "no step" : `step ${step.number} of ${step.at ?? "just now"}`;
}

async function accept(
  db: Database,
  { upstream }: Pick<Registry, "upstream">,
  { reason, by }: { readonly reason: string; readonly by: AuditActor },
): Promise<number> {
  const id = await takeStorage({ db, audit: recordAudit, registry: upstream }, by, reason);
  print(`the registry's storage is ${id} from now on; the gateways follow within seconds`);
  return 0;
}

function parseCommand(argv: readonly string[]): StorageCommand {
  const { values, positionals } = understood(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { reason: { type: "string" }, by: { type: "string" } },
    }),
  );
  const [name, ...more] = positionals;
  if ((name !== "show" && name !== "accept") || more.length > 0)
    throw new UsageError("wanted one of: show, accept");
  const reason = values.reason?.trim() ?? "";
  if (name === "accept" && reason === "")
    throw new UsageError("--reason: wanted why this is the right storage, for the audit log");
  return { name, reason, by: values.by };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "the storage could not be asked about",
});
