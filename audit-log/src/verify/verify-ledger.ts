import type { Queryable } from "#service-kit/db/pool.js";
import { isBefore, ledgerRecordsAfter, type LedgerRecord } from "../sql/ledger-tags.js";
import { BEFORE_TAG_ENTRIES, tagEntriesAfter } from "../sql/tag-entries.js";
import { BEFORE_EVENTS, tracelessEvents, type TracelessEvent } from "../sql/traceless-events.js";
import { differenceOf } from "./compare-tag.js";
import { continueHistory, parseTagEntry, type TagHistory } from "./tag-history.js";

/** A tag that is not in the ledger as the audit log says. */
export interface LedgerFinding {
  readonly repository: string;
  readonly tag: string;
  readonly problem: string;
}

/** What was found. */
export interface VerifiedLedger {
  readonly checked: number;
  readonly wrong: number;
  /** The first of the wrong ones. */
  readonly findings: readonly LedgerFinding[];
}

/** What the audit log says of the tags of a repository. */
interface RepositoryHistory {
  readonly repository: string;
  /** By name; those that were compared are taken out. */
  readonly tags: Map<string, TagHistory>;
}

const BATCH = 1_000;
const MOST_FINDINGS = 100;

/**
 * Compares what the ledger says of every tag with what follows from the entries about it, deleted tags too; and looks for the
 * entries of what was announced.
 * Holds the tags of one repository in memory.
 *
 * @param tx - audit log and ledger, as they stand at one moment
 * @param progress - told how far it is
 * @returns what was found
 */
export async function verifyLedger(
  tx: Queryable,
  progress: (text: string) => void,
): Promise<VerifiedLedger> {
  const findings: LedgerFinding[] = [];
  let checked = 0;
  let wrong = 0;
  const find = (repository: string, tag: string, problem: string | null) => {
    if (problem === null) return;
    wrong += 1;
    if (findings.length < MOST_FINDINGS) findings.push({ repository, tag, problem });
  };
  const histories = historiesOf(tx);
  let history = await nextOf(histories);
  /** What is left of a repository's history when its records are through, the ledger does not have. */
  const finish = async ({ repository, tags }: RepositoryHistory) => {
    for (const [tag, left] of tags) find(repository, tag, differenceOf(null, left));
    history = await nextOf(histories);
  };
  /** A repository that no entry is about. */
  let unlogged = "";
  for await (const record of recordsOf(tx)) {
    const { repository, tag } = record;
    while (history !== null && history.repository !== repository && unlogged !== repository)
      if (history.tags.size === 0 || (await isBefore(tx, history.repository, repository)))
        await finish(history);
      else unlogged = repository;
    const tags = history?.repository === repository ? history.tags : null;
    find(repository, tag, differenceOf(record, tags?.get(tag) ?? null));
    tags?.delete(tag);
    checked += 1;
    progress(`${checked} tags of the ledger`);
  }
  while (history !== null) await finish(history);
  for await (const { repository, tag, digest, recordedAs } of tracelessOf(tx))
    find(
      repository,
      tag ?? digest ?? "",
      `it was announced that ${digest ?? "something"} was recorded as ${recordedAs}, no entry says so`,
    );
  return { checked, wrong, findings };
}

async function* tracelessOf(tx: Queryable): AsyncGenerator<TracelessEvent> {
  let after: string | null = BEFORE_EVENTS;
  while (after !== null) {
    const { found, last } = await tracelessEvents(tx, after, BATCH);
    yield* found;
    after = last;
  }
}

async function* recordsOf(tx: Queryable): AsyncGenerator<LedgerRecord> {
  let after = { repository: "", tag: "" };
  for (;;) {
    const records = await ledgerRecordsAfter(tx, after, BATCH);
    yield* records;
    after = records.at(-1) ?? after;
    if (records.length < BATCH) return;
  }
}

/** @yields what the audit log says, a repository at a time, in the order that the records have */
async function* historiesOf(tx: Queryable): AsyncGenerator<RepositoryHistory> {
  let end = BEFORE_TAG_ENTRIES;
  let history: RepositoryHistory | null = null;
  for (;;) {
    const rows = await tagEntriesAfter(tx, end, BATCH);
    for (const { repository, content, isMoved } of rows) {
      if (history !== null && history.repository !== repository) {
        yield history;
        history = null;
      }
      history ??= { repository, tags: new Map() };
      // One that nobody understands is a fault of its chain.
      const entry = parseTagEntry(content, isMoved);
      if (entry === null) continue;
      const before = history.tags.get(entry.tag) ?? null;
      const after = continueHistory(before, entry);
      if (after === null) history.tags.delete(entry.tag);
      else history.tags.set(entry.tag, after);
    }
    end = rows.at(-1) ?? end;
    if (rows.length < BATCH) break;
  }
  if (history !== null) yield history;
}

async function nextOf(
  histories: AsyncGenerator<RepositoryHistory>,
): Promise<RepositoryHistory | null> {
  const { done, value } = (await histories.next()) as IteratorResult<RepositoryHistory, undefined>;
  return done === true ? null : value;
}
