import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { SYSTEM, type AuditActor } from "#audit-log/entry.js";
import { runCommand, understood, UsageError } from "#service-kit/command.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { wholeDatabase } from "#service-kit/db/whole-database.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { createLogger } from "#service-kit/log.js";
import { usageOf } from "#service-kit/usage.js";
import {
  deleteUntagged,
  type UntaggedManifest,
  type UntaggedOutcome,
} from "../../deletion/delete-untagged.js";
import { garbageRecord } from "../../mode/garbage-record.js";
import { operator } from "#audit-log/operator.js";
import { announcing } from "../../outbox/announcing.js";
import { openSinks } from "../../sinks/open-sinks.js";
import { openDeletionOfManifests } from "../../wiring/deletion.js";
import { untaggedManifests } from "./untagged-manifests.js";
import { GATEWAY_SCHEMAS } from "../../wiring/migrations.js";
import { configOfCommand, openRegistryOfCommand, recordOfCommand } from "../../wiring/command.js";

const USAGE = usageOf({
  about: "Deletes manifests that have no tag at the registry and that no tag needs, on record",
  call: "node deploy/local/commands/command.mjs gateway/src/commands/delete-untagged/main.js",
  program: "gateway/src/commands/delete-untagged/main.js",
  forms: `  [--dry-run] FILE
      FILE is what "registry garbage-collect --dry-run --delete-untagged" of a 3.x registry printed, or - for standard
      input; --dry-run deletes nothing
      --by NAME is who does it, for the audit log; without it who has become another by sudo, or whose account it is`,
  examples: ["--dry-run eligible.txt", "- < eligible.txt"],
  ends: "0 when it is done, 2 when it could not be done",
  environment: "the gateway's",
});

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { file, dryRun, actor } = parseCommand(argv);
  const manifests = untaggedManifests(readFileSync(file === "-" ? 0 : file, "utf8"));
  const config = configOfCommand(env);
  const log = createLogger("delete-untagged", "silent");
  const { policy, registry } = await openRegistryOfCommand(config, log);
  const audit = announcing(
    recordOfCommand(policy),
    openSinks(config.events, outgoing(config.proxies)),
    () => undefined,
  );
  const pool = openDatabase(config.database, { name: "delete-untagged", connections: 10 }, log);
  const { db } = wholeDatabase(pool, GATEWAY_SCHEMAS, log);
  const counts = { deleted: 0, kept: 0, used: 0, gone: 0 };
  try {
    const record = garbageRecord({ db, audit }, actor, "untagged manifests");
    if (!dryRun) await record.begun({ manifests: manifests.length });
    const deletion = openDeletionOfManifests(config, { db, log, audit, policy, registry });
    await deleteUntagged(deletion.deps, manifests, {
      actor,
      dryRun,
      inUse: deletion.inUse,
      atRegistry: (manifest) => deletion.atRegistry(manifest, randomUUID()),
      tell: (manifest, outcome) => {
        counts[outcome.outcome] += 1;
        tell(manifest, outcome);
      },
    });
    if (!dryRun) await record.ended(counts);
  } finally {
    await db.close();
  }
  const verb = dryRun ? "would be deleted" : "deleted";
  say(
    `${counts.deleted} manifests without a tag ${verb}, ${counts.kept} kept since tags need them` +
      (counts.used === 0 ? "" : `, ${counts.used} kept since they are in use`),
  );
  return 0;
}

function tell({ repository, digest }: UntaggedManifest, outcome: UntaggedOutcome): void {
  if (outcome.outcome === "kept")
    say(`kept: ${repository}@${digest}, for ${outcome.tags.join(", ")}`);
  if (outcome.outcome === "used") say(`kept: ${repository}@${digest}, ${outcome.why}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function parseCommand(argv: readonly string[]): {
  file: string;
  dryRun: boolean;
  actor: AuditActor;
} {
  const { values, positionals } = understood(() =>
    parseArgs({
      args: [...argv],
      options: { "dry-run": { type: "boolean", default: false }, by: { type: "string" } },
      allowPositionals: true,
    }),
  );
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError("wanted: one FILE, or -");
  const dryRun = values["dry-run"];
  return { file, dryRun, actor: dryRun ? SYSTEM : operator(values.by, process.env) };
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "not all manifests without a tag could be looked at",
});
