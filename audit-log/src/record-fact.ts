import type { Database, Queryable } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { SaidAuthor } from "./changed-by.js";
import { SYSTEM } from "./entry.js";
import { lastFact, type FactAction } from "./known-facts.js";
import type { RecordAudit } from "./record-audit.js";
import { lockFacts } from "./sql/facts.js";
import { keepContent, readContent } from "./sql/followed-files.js";

/** Something that is decided outside of the database, in a file that every replica reads. */
export interface Fact {
  readonly action: FactAction;
  /** What it is about, for example the owner of the keys. */
  readonly subject: string;
  /** Two facts about a subject with the same fingerprint are the same. */
  readonly fingerprint: string;
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** What the file says whose hash the fingerprint is; it has no secrets. Absent: there is no file. */
  readonly content?: string;
  /** Tells two contents apart, a sentence for each thing that is otherwise; absent: nobody can. */
  readonly difference?: (before: string, after: string) => readonly string[];
  /** Tells who changed it, as far as anybody says so; absent: nobody can. */
  readonly author?: () => Promise<SaidAuthor>;
  /** What is said of the difference, where there was a fact before; absent: nothing. */
  readonly since?: (before: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** What recording facts needs. */
export interface FactDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
  readonly log: Pick<Logger, "info" | "warn">;
}

/**
 * Records a fact, unless the last one on record about its subject is the same: so a change is recorded once,
 * however many replicas notice it, and what changed while nothing ran is recorded at the next start.
 *
 * @param deps - audit log
 * @param fact - what is so now
 * @returns whether it was new
 * @throws Fault UNAVAILABLE when it cannot be recorded
 */
export async function recordFact({ db, audit, log }: FactDeps, fact: Fact): Promise<boolean> {
  const { action, subject, fingerprint, reason, detail } = fact;
  const author = (await fact.author?.()) ?? {};
  const isNew = await db.transaction(async (tx) => {
    await lockFacts(tx, action);
    const known = await lastFact(tx, action, subject);
    const { content, since } = fact;
    // Also of a fact that was recorded before contents were kept.
    if (content !== undefined) await keepContent(tx, { sha256: fingerprint, content });
    if (known?.fingerprint === fingerprint) return false;
    const entry = { action, actor: SYSTEM, repository: null, tag: null, digest: null, reason };
    const difference = known === null ? {} : (since?.(known.detail) ?? {});
    const said = known === null ? {} : await saidOf(tx, fact, known.fingerprint);
    const differing = { ...detail, ...difference, ...said, ...author };
    await audit(tx, { ...entry, detail: { ...differing, subject, fingerprint } });
    return true;
  });
  if (isNew) log.info({ event: action, subject, fingerprint, ...detail });
  return isNew;
}

/** More is for whoever compares the files. */
const MOST_SENTENCES = 50;
const MOST_CHARACTERS = 300;

/** @returns what the content says otherwise than that of before, in words; nothing where that is not kept, or cannot be read */
async function saidOf(
  tx: Queryable,
  { content, difference }: Fact,
  before: string,
): Promise<{ readonly changed?: readonly string[]; readonly more?: number }> {
  if (content === undefined || difference === undefined) return {};
  const known = await readContent(tx, before);
  if (known === null) return {};
  const sentences = difference(known, content);
  const changed = sentences.slice(0, MOST_SENTENCES).map((one) => one.slice(0, MOST_CHARACTERS));
  const more = sentences.length - changed.length;
  return { changed, ...(more > 0 ? { more } : {}) };
}

/** Records facts in the background, in their order, until each is on record. */
export interface FactQueue extends Component {
  add(fact: Fact): void;
}

const RETRY_MILLISECONDS = 2_000;

/**
 * For facts that cannot be refused, such as the keys that a service finds at its start.
 *
 * @param deps - audit log
 * @returns a queue that starts with the component; what it holds when the process ends is recorded by
 *   whoever notices it next
 */
export function factQueue(deps: FactDeps): FactQueue {
  const waiting: Fact[] = [];
  const failing = lastingWarning(deps.log, "audit.fact-waits");
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let state: "new" | "idle" | "busy" | "stopped" = "new";
  const drain = async (): Promise<void> => {
    state = "busy";
    try {
      for (let fact = waiting[0]; fact !== undefined; fact = waiting[0]) {
        await recordFact(deps, fact);
        waiting.shift();
      }
      failing.worked();
    } catch (error) {
      failing.failed(error, { facts: waiting.length });
    }
    if (isStopped()) return;
    state = "idle";
    if (waiting.length > 0) timer = setTimeout(wake, RETRY_MILLISECONDS);
  };
  const isStopped = () => state === "stopped";
  const wake = () => {
    clearTimeout(timer);
    if (state === "idle") running = drain();
  };
  return {
    name: "recorded facts",
    add: (fact) => {
      waiting.push(fact);
      wake();
    },
    start: () => {
      state = "idle";
      wake();
      return Promise.resolve();
    },
    stop: () => {
      state = "stopped";
      clearTimeout(timer);
      return running;
    },
  };
}
