import { parseArgs } from "node:util";
import { recordAudit } from "#audit-log/record-audit.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { runCommand, understood, UsageError } from "#service-kit/command.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { readConfig } from "../../config/config.js";
import { operator } from "../../mode/operator.js";
import { takeStorage } from "../../storage/accept-storage.js";
import { readStorage } from "../../storage/sql.js";
import { openOwnRequests, type Registry } from "../../wiring/registry.js";

const USAGE = `Which storage the registry has

  show
      prints the marker that the ledger knows, and that which stands at the registry
  accept --reason TEXT
      says, on record, that the storage that the registry has now is the right one: its marker counts from now on,
      and where it has none it gets one

Ends with 0 when both are the same, 1 when they are not, 2 when it failed.
Environment: the gateway's`;

const SILENT = createLogger("storage", "silent");

interface StorageCommand {
  readonly name: "show" | "accept";
  readonly reason: string;
}

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv);
  const config = readConfig(env);
  const db = openDatabase(config.database, { name: "storage", connections: 2 }, SILENT);
  try {
    const keys = await openKeyRing(config.keys, { now: Date.now, log: SILENT });
    const registry = openOwnRequests(config, keys);
    return command.name === "show"
      ? await show(db, registry)
      : await accept(db, registry, command.reason);
  } finally {
    await db.close();
  }
}

async function show(db: Database, { upstream }: Pick<Registry, "upstream">): Promise<number> {
  const known = await readStorage(db);
  const found = await upstream.digestOfTag(MARKER.repository, MARKER.tag, known?.digest);
  print(`the ledger knows    ${known?.digest ?? "none"}`);
  print(`the registry bears  ${found ?? "none"}`);
  return known?.digest === found ? 0 : 1;
}

async function accept(
  db: Database,
  { upstream }: Pick<Registry, "upstream">,
  reason: string,
): Promise<number> {
  const id = await takeStorage({ db, audit: recordAudit, registry: upstream }, operator(), reason);
  print(`the registry's storage is ${id} from now on; the gateways follow within seconds`);
  return 0;
}

function parseCommand(argv: readonly string[]): StorageCommand {
  const { values, positionals } = understood(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { reason: { type: "string" } },
    }),
  );
  const [name, ...more] = positionals;
  if ((name !== "show" && name !== "accept") || more.length > 0)
    throw new UsageError("wanted one of: show, accept");
  const reason = values.reason?.trim() ?? "";
  if (name === "accept" && reason === "")
    throw new UsageError("--reason: wanted why this is the right storage, for the audit log");
  return { name, reason };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "the storage could not be asked about",
});
