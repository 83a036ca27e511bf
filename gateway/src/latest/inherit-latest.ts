import { SYSTEM } from "#audit-log/entry.js";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import type { Digest } from "#registry-protocol/digest.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { inTime } from "#service-kit/in-time.js";
import { LATEST } from "#tag-policy/tag-policy.js";
import { adopt, type AdoptDeps } from "../ledger/adopt.js";
import type { LatestInheritance } from "../ledger/latest-inheritance.js";
import { readLatest, recordLatest, type LatestTag } from "../ledger/sql/latest-tag.js";
import { readBuriedParts } from "../ledger/sql/manifest-needs.js";
import { readTagMeaning } from "../ledger/sql/read-tag.js";
import { tellSettled } from "../ledger/sql/settle-tag.js";
import { newestTag, type DatedTag, type NewestTagDeps } from "./newest-tag.js";

/** What finding out needs. */
export interface InheritanceDeps extends AdoptDeps, Omit<NewestTagDeps, "db"> {
  /** Bounds of it; other than these in tests alone. */
  readonly patience?: InheritancePatience;
}

/** How long it may take, in milliseconds. */
export interface InheritancePatience {
  /** Until somebody who waits is told to come again. */
  readonly reader: number;
  /** Until it is given up. */
  readonly survey: number;
}

const PATIENCE: InheritancePatience = { reader: 20_000, survey: 900_000 };
/** Repositories whose tags are looked at at once. */
const MOST_SURVEYS = 4;
const OWN = "the registry's own latest, and nothing was pushed through the gateway";
const NEWEST = "the newest of the registry's tags, and nothing was pushed through the gateway";

/**
 * What virtual `latest` means on a registry that existed before: its own `latest`, else the tag whose image was made
 * last. Found out once for each repository, by one look at all of its tags, and recorded: whatever is read, adopted or
 * written past the gateway afterwards does not move it.
 *
 * @param deps - ledger and registry
 * @returns what finds it out; whoever asks meanwhile waits for the same answer
 */
export function latestInheritance(deps: InheritanceDeps): LatestInheritance {
  const { reader, survey } = deps.patience ?? PATIENCE;
  const surveys = new Map<RepositoryName, Promise<LatestTag | null>>();
  const turns = turnsOf(MOST_SURVEYS);
  const surveyOf = (repository: RepositoryName): Promise<LatestTag | null> => {
    const running = surveys.get(repository);
    if (running !== undefined) return running;
    const begun = turns(() => findOut(deps, repository, AbortSignal.timeout(survey))).finally(() =>
      surveys.delete(repository),
    );
    surveys.set(repository, begun);
    return begun;
  };
  return {
    recordOwn: async (repository) => {
      if ((await readLatest(deps.db, repository)) !== null) return;
      await recordOwn(deps, repository).catch(undecided);
    },
    find: async (repository) => {
      const known = await readLatest(deps.db, repository);
      if (known !== null) return known;
      if (await recordOwn(deps, repository).catch(undecided))
        return readLatest(deps.db, repository);
      return inTime(surveyOf(repository).catch(undecided), reader, notYet);
    },
  };
}

async function findOut(
  deps: InheritanceDeps,
  repository: RepositoryName,
  signal: AbortSignal,
): Promise<LatestTag | null> {
  // Whoever read before the last survey was recorded asks for one more.
  const known = await readLatest(deps.db, repository);
  if (known !== null) return known;
  const newest = await newestTag(deps, repository, signal);
  if (newest !== null) {
    // Others may write the tag at the registry, but what is promised stays.
    await adopt(deps, { repository, tag: newest.tag }, newest.digest, NEWEST);
    await record(deps, repository, newest, NEWEST);
  }
  return readLatest(deps.db, repository);
}

/** @returns whether the registry has one that was not deleted */
async function recordOwn(deps: InheritanceDeps, repository: RepositoryName): Promise<boolean> {
  const tag = parseTag(LATEST);
  const digest = await ownLatest(deps, repository);
  if (digest === null) return false;
  await record(deps, repository, { tag, digest, createdAt: null }, OWN);
  return true;
}

/** One that the registry cannot read means nothing to anybody. Where `latest` was a tag as any other before, the ledger says what it is. */
async function ownLatest(
  { db, upstreamDigest }: InheritanceDeps,
  repository: RepositoryName,
): Promise<Digest | null> {
  const key = { repository, tag: parseTag(LATEST) };
  const meaning = await readTagMeaning(db, key);
  if (meaning.kind === "deleted" || meaning.kind === "reserved") return null;
  const digest =
    meaning.kind === "means" ? meaning.digest : await unlessUnreadable(upstreamDigest(key));
  if (digest === null) return null;
  return (await readBuriedParts(db, repository, [digest], 1)).length === 0 ? digest : null;
}

async function record(
  { db, audit, log }: InheritanceDeps,
  repository: RepositoryName,
  { tag, digest, createdAt }: DatedTag,
  reason: string,
): Promise<void> {
  const isNew = await db.transaction(async (tx) => {
    if (!(await recordLatest(tx, { repository, tag, digest, createdAt }))) return false;
    tellSettled(tx, { repository, tag: parseTag(LATEST) }, { kind: "unsure" });
    const what = { action: "latest.adopted", repository, tag, digest } as const;
    await audit(tx, { ...what, actor: SYSTEM, reason, detail: { createdAt } });
    return true;
  }, repository);
  if (isNew) log.info({ event: "latest.adopted", repository, tag, digest, createdAt, reason });
}

function undecided(cause: unknown): never {
  if (isUnavailable(cause)) throw cause;
  throw new Fault("UNAVAILABLE", {
    message: "the registry cannot be asked what latest means; try again",
    cause,
  });
}

function notYet(): Fault {
  return new Fault("UNAVAILABLE", {
    message: "the repository's tags are being looked at for the newest one; try again",
  });
}

/** @returns what lets so much work go on at once, and the rest wait for its turn */
function turnsOf(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
