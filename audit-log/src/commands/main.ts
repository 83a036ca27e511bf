import { existsSync } from "node:fs";
import { runCommand } from "#service-kit/command.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { createLogger } from "#service-kit/log.js";
import { removeArchived } from "../archive/remove-archived.js";
import { withArchives } from "../archive/with-archives.js";
import { archiveFile, ArchiveRefusal, writeArchive } from "../archive/write-archive.js";
import { readConfig } from "../config.js";
import { FOLLOWED_FILES } from "../facts.js";
import { listEntries } from "../list-entries.js";
import { operator } from "../operator.js";
import { leftForArchives } from "../questions/left-for-archives.js";
import { recordAudit } from "../record-audit.js";
import { asJson, asText, unknownNames } from "./show-entries.js";
import type { EntryFilter } from "../sql/entries.js";
import { fileAt, settingsAt } from "../at-one-moment.js";
import { print } from "./print.js";
import { trustOf, verify } from "./run-verify.js";
import { answerQuestion } from "./answer-question.js";
import { parseCommand, type AuditCommand } from "./options.js";
import { takeArchives } from "./take-archives.js";
import { USAGE } from "./usage.js";
import { verifyLog } from "../verify/verify-log.js";
import type { CheckpointTrust } from "../verify/walk-checkpoints.js";

const PROGRESS_MILLISECONDS = 2_000;
const SILENT = createLogger("audit", "silent");

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { archives, rest } = takeArchives(argv);
  const command = parseCommand(rest, Date.now());
  const config = readConfig(env);
  const db = openDatabase(config.database, { name: "audit", connections: 4 }, SILENT);
  const trust = () => trustOf(config);
  try {
    if (command.name === "archive") return await archive(db, command, trust(), env);
    if (command.name === "verify")
      return await verify(
        ...[db, config],
        { ...command, archive: archives ?? command.archive },
        progressTo(process.stderr),
      );
    if (archives === null) return await answer(db, command, trust);
    return await withArchives(db, { ...trust(), folder: archives }, (whole) =>
      answer(whole, command, trust),
    );
  } finally {
    await db.close();
  }
}

/** What only reads the log, as it is or with what has left it. */
async function answer(
  db: Database,
  command: Exclude<AuditCommand, { name: "archive" | "verify" }>,
  trust: () => CheckpointTrust,
): Promise<number> {
  switch (command.name) {
    case "list":
      await tellOfArchives(db, command.filter.since);
      return list(db, command);
    case "policy":
      await tellOfArchives(db, command.at);
      return showFile(db, command);
    case "settings":
      await tellOfArchives(db, command.at);
      return showSettings(db, command.at);
    case "question":
      return answerQuestion(db, command, () =>
        verifyLog(db, { ...trust(), progress: progressTo(process.stderr) }),
      );
  }
}

/** On standard error: what is piped is the answer. */
async function tellOfArchives(db: Database, from: Date): Promise<void> {
  for (const line of await leftForArchives(db, from)) process.stderr.write(`${line}\n`);
}

/** A month that cannot be archived is what was asked for, and no fault. */
async function archive(
  db: Database,
  { month, folder, removal }: Extract<AuditCommand, { name: "archive" }>,
  { anchors }: CheckpointTrust,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const actor = removal === null ? null : operator(removal.by, env);
  try {
    // One that is there was verified when it was written, and is once more before anything goes.
    if (actor === null || !existsSync(archiveFile(folder, month))) {
      const { file, entries, from, to } = await writeArchive(db, month, { folder, anchors });
      print([`${file}: ${entries} entries, from checkpoint ${from} to ${to}`]);
    }
    if (actor !== null) {
      const removed = await removeArchived(
        { db, audit: recordAudit, folder, anchors, actor },
        month,
      );
      print([`${removed} entries have left the log`]);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ArchiveRefusal)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
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
