import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Access } from "#registry-protocol/scope.js";
import { runCommand, UsageError } from "#service-kit/command.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { registryListing, type RegistryListing } from "#service-kit/http/registry-listing.js";
import { createLogger } from "#service-kit/log.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { signRegistryToken } from "#service-kit/signing/sign-token.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { readConfig, type AuditConfig } from "../config.js";
import { FOLLOWED_FILES } from "../facts.js";
import { listEntries } from "../list-entries.js";
import { asJson, asText, unknownNames } from "./show-entries.js";
import type { EntryFilter } from "../sql/entries.js";
import { fileAt, settingsAt } from "../at-one-moment.js";
import { answerQuestion } from "./answer-question.js";
import { parseCommand, type AuditCommand } from "./options.js";
import { USAGE } from "./usage.js";
import { registryAsker, type AskRegistry } from "../verify/ask-registry.js";
import { registryParts } from "../verify/registry-parts.js";
import { registryTags } from "../verify/registry-tags.js";
import {
  reportLedger,
  reportLog,
  reportParts,
  reportPulls,
  reportTags,
  reportUnknown,
} from "../verify/report.js";
import { verifyLog } from "../verify/verify-log.js";
import { verifyParts } from "../verify/verify-parts.js";
import { verifyTags } from "../verify/verify-tags.js";
import type { CheckpointTrust } from "../verify/walk-checkpoints.js";
import { verifyUnknown } from "../verify/verify-unknown.js";

const PROGRESS_MILLISECONDS = 2_000;
const TOKEN_SECONDS = 60;
const SILENT = createLogger("audit", "silent");

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(argv, Date.now());
  const config = readConfig(env);
  const db = openDatabase(config.database, { name: "audit", connections: 4 }, SILENT);
  try {
    switch (command.name) {
      case "list":
        return await list(db, command);
      case "policy":
        return await showFile(db, command);
      case "settings":
        return await showSettings(db, command.at);
      case "question":
        return await answerQuestion(db, command, () =>
          verifyLog(db, { ...trustOf(config), progress: progressTo(process.stderr) }),
        );
      case "verify":
        return await verify(db, config, command, progressTo(process.stderr));
    }
  } finally {
    await db.close();
  }
}

async function verify(
  db: Database,
  config: AuditConfig,
  { registry, kept }: Extract<AuditCommand, { name: "verify" }>,
  progress: (text: string) => void,
): Promise<number> {
  const url = registry === null ? null : (registry.url ?? config.registryUrl);
  if (registry !== null && url === null)
    throw new UsageError("--registry: wanted a URL, here or in REGISTRY_URL");
  const log = await verifyLog(db, { ...trustOf(config), kept, progress });
  print([...reportLog(log), ...reportLedger(log.ledger), ...reportPulls(log.pulls)]);
  const isRight =
    log.findings.length === 0 && log.ledger.wrong === 0 && log.pulls.findings.length === 0;
  if (url === null) return isRight ? 0 : 1;
  const { ask, listing } = await openRegistry(config, url);
  const tags = await verifyTags({ db, registry: registryTags(ask), progress });
  print(reportTags(tags));
  const unknown = await verifyUnknown({ db, listing, registry: registryTags(ask), progress });
  print(reportUnknown(unknown));
  const areTagsRight = tags.wrong === 0 && unknown.wrong === 0;
  if (registry?.blobs !== true) return isRight && areTagsRight ? 0 : 1;
  const parts = await verifyParts({ db, questions: registryParts(db, ask), progress });
  print(reportParts(parts));
  return isRight && areTagsRight && parts.wrong === 0 ? 0 : 1;
}

function trustOf({ trustFile }: AuditConfig): CheckpointTrust {
  return { anchors: parseCertificates(readFileSync(trustFile, "utf8"), trustFile), kept: [] };
}

/** The registry answers those alone who sign as the gateway does. */
async function openRegistry(
  config: AuditConfig,
  url: string,
): Promise<{ ask: AskRegistry; listing: RegistryListing }> {
  const keys = await openKeyRing(config.keys, { now: Date.now, log: SILENT });
  const authorization = (subject: string, access: readonly Access[]) => {
    const token = signRegistryToken(keys.active(), {
      issuer: config.upstreamIssuer,
      audience: config.upstreamService,
      ...{ subject, access },
      tokenId: randomUUID(),
      issuedAt: Math.floor(Date.now() / 1000),
      lifetimeSeconds: TOKEN_SECONDS,
    });
    return `Bearer ${token}`;
  };
  const pulling = (name: string): Access => ({ type: "repository", name, actions: ["pull"] });
  return {
    ask: registryAsker(url, (repository) => authorization("", [pulling(repository)])),
    listing: registryListing(url, authorization),
  };
}

async function list(
  db: Database,
  { filter, limit, json }: Extract<AuditCommand, { name: "list" }>,
): Promise<number> {
  let found = 0;
  for await (const row of listEntries(db, filter, limit)) {
    found += 1;
    const hasRoom = process.stdout.write(`${json ? asJson(row) : asText(row)}\n`);
    if (!hasRoom) await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
  return found > 0 ? 0 : nothingFound(db, filter);
}

/** On standard error where it is from: what is piped is the file. */
async function showFile(
  db: Database,
  { of, at }: Extract<AuditCommand, { name: "policy" }>,
): Promise<number> {
  const file = await fileAt(db, FOLLOWED_FILES[of], at);
  if (file === null) {
    process.stderr.write(`no ${FOLLOWED_FILES[of]} is on record at ${at.toISOString()}\n`);
    return 1;
  }
  const { since, path, sha256, content } = file;
  process.stderr.write(`# ${path}, in force since ${since}, sha256 ${sha256}\n`);
  if (content === null) {
    process.stderr.write("what it said was not kept then: look for a file of this hash\n");
    return 1;
  }
  process.stdout.write(content.endsWith("\n") ? content : `${content}\n`);
  return 0;
}

async function showSettings(db: Database, at: Date): Promise<number> {
  const lines = await settingsAt(db, at);
  if (lines.length === 0) process.stderr.write(`none are on record at ${at.toISOString()}\n`);
  print(lines);
  return lines.length === 0 ? 1 : 0;
}

/** On standard error: what is piped is entries alone. */
async function nothingFound(db: Database, filter: EntryFilter): Promise<number> {
  const unknown = await unknownNames(db, filter);
  for (const line of unknown) process.stderr.write(`${line}\n`);
  process.stderr.write("no entry is as asked for\n");
  return unknown.length === 0 ? 0 : 1;
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

function progressTo(stream: NodeJS.WritableStream): (text: string) => void {
  let told = Date.now();
  return (text) => {
    if (Date.now() - told < PROGRESS_MILLISECONDS) return;
    told = Date.now();
    stream.write(`… ${text}\n`);
  };
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "the audit log could not be checked",
});
