import { runCommand, UsageError } from "#service-kit/command.js";
import { ConfigError } from "#service-kit/config.js";
import { openForeignDatabase, parseDsn } from "#service-kit/db/foreign-database.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { wholeDatabase } from "#service-kit/db/whole-database.js";
import { endOnSignal } from "#service-kit/end-on-signal.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { createLogger } from "#service-kit/log.js";
import { progressTo } from "#service-kit/progress-line.js";
import { usageOf } from "#service-kit/usage.js";
import { migrate, type MigrateDeps } from "../../from-pier-one/migrate.js";
import { newTally } from "../../from-pier-one/tally.js";
import { openStoredFiles } from "../../stored-files/open-stored-files.js";
import { GATEWAY_SCHEMAS } from "../../wiring/migrations.js";
import { openPierOneImport, type PierOneImport } from "../../wiring/pier-one-import.js";
import { configOfCommand, openRegistryOfCommand } from "../../wiring/command.js";
import { parseCommand, type MigrateCommand } from "./options.js";
import { progressLine, reportLines } from "./report.js";

const USAGE = usageOf({
  about:
    "Brings the tags of a Pier One here, with their authors, dates, sources and blobs, by the same digests",
  call: "npm run migrate:pierone --",
  program: "gateway/src/commands/migrate-pierone/main.js",
  forms: `  --from DSN --storage PLACE [--dry-run] [--parallel NUMBER] [--rate NUMBER] [--time-zone NAME]
      DSN is Pier One's database, postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full; its password in PGPASSWORD, or
      in the address, where other users of the machine may read it. Nothing is written there
      PLACE is Pier One's STORAGE_DIRECTORY, or s3://BUCKET with AWS_REGION, the credentials that AWS' programs find, and
      AWS_ENDPOINT_URL_S3 for a storage that is not Amazon's. Nothing is written there either
      --dry-run writes nothing, and says what cannot be brought, and which blobs are missing; it reads none of them
      --parallel so many tags at once, 4 unless it is said; --rate reads so many megabytes a second at most
      --time-zone in which Pier One's database has its dates, UTC unless it is said
      --by NAME is who does it, for the audit log; without it who has become another by sudo, or whose account it is`,
  examples: [
    "--from postgres://pierone@db.example.org/pierone --storage s3://pierone-images --dry-run",
    "--from postgres://pierone@127.0.0.1:5432/pierone --storage /data/pierone --parallel 8 --rate 100",
  ],
  ends: "0 when all tags are here, 1 when some are not, 2 when it could not be done, or was ended: run it again, and it goes on",
  environment: "the gateway's",
});

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv);
  const config = configOfCommand(env);
  const connections = outgoing(config.proxies);
  const files = openStoredFiles("--storage", command.storage, env, connections);
  const from = openForeignDatabase(sourceOf(command, env), "migrate-pierone");
  const log = createLogger("migrate-pierone", "silent");
  const { dryRun, rate, parallel, zone, by } = command;
  const tally = newTally((name, reason) => {
    process.stdout.write(`! ${name}: ${reason}\n`);
  });
  const pool = openDatabase(config.database, { name: "migrate-pierone", connections: 10 }, log);
  const { db } = wholeDatabase(pool, GATEWAY_SCHEMAS, log);
  try {
    const { policy, registry } = await openRegistryOfCommand(config, log);
    const opened = openPierOneImport(config, {
      ...{ db, log, registry, files, tally, rate, dryRun, by, env },
    });
    const { importing, admit } = opened;
    const deps = { from, policy, tally, admit, importing };
    await running(opened.parts, async () => {
      await opened.refuseOtherStorage();
      await told(deps, { parallel, zone });
    });
    for (const line of reportLines(tally.summary(), dryRun)) process.stdout.write(`${line}\n`);
    const { refused, failed } = tally.summary();
    return refused + failed === 0 ? 0 : 1;
  } finally {
    await Promise.all([db.close(), from.close()]);
    connections.close();
  }
}

function sourceOf({ from }: MigrateCommand, env: NodeJS.ProcessEnv) {
  try {
    return parseDsn(from, env["PGPASSWORD"]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`--from: ${error.faults.join("; ")}`);
  }
}

async function running(parts: PierOneImport["parts"], work: () => Promise<void>): Promise<void> {
  try {
    for (const part of parts) await part.start();
    await work();
  } finally {
    for (const part of parts) await part.stop();
  }
}

const TELL_MILLISECONDS = 200;

/** Also while one large blob is on its way. */
async function told(
  deps: MigrateDeps,
  options: Pick<MigrateCommand, "parallel" | "zone">,
): Promise<void> {
  const tell = progressTo(process.stderr, progressLine);
  const timer = setInterval(() => {
    tell(deps.tally.summary());
  }, TELL_MILLISECONDS);
  try {
    await migrate(deps, { ...options, signal: endOnSignal() });
  } finally {
    clearInterval(timer);
  }
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure:
    "not all tags could be brought here; what was done stays, and the next run goes on from there",
});
