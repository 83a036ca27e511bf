import { Fault } from "#registry-protocol/faults.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { samePlatformImages } from "./platform-images.js";
import { readTagState } from "./sql/read-tag.js";
import { reserveTag, type TagClaim } from "./sql/reserve-tag.js";
import { commitTag, releaseTag } from "./sql/settle-tag.js";
import { readManifestContent, storeManifest, type StoredManifest } from "./sql/store-manifest.js";
import { decideTagWrite, mutabilityOf, type HeldTag } from "./tag-rules.js";

/** A push of a manifest under a tag. */
export interface TagPush extends TagClaim {
  readonly manifest: StoredManifest;
}

/** What the registry said to the manifest. */
export interface RegistryVerdict {
  readonly status: number;
}

/** How the manifest gets to the registry. */
export interface ManifestTransport<V extends RegistryVerdict> {
  /** @returns the registry's answer. @throws when nobody knows what came of it */
  send(): Promise<V>;
  /** @returns the digest that the tag has at the registry now. @throws when that cannot be told */
  currentDigest(): Promise<Digest | null>;
}

/** What the use case needs. */
export interface PushDeps {
  readonly db: Database;
  readonly log: Logger;
  /** Waits for this many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Current time in milliseconds. */
  readonly now: () => number;
  /** Told once for every push that came to an end. */
  readonly count: (outcome: PushOutcome) => void;
}

/** How a push of a tag can end. */
export type PushOutcome = "stored" | "unchanged" | "refused" | "rejected" | "undecided";

/** The registry's answer, or `null` when it was lost but the tag is there all the same. */
export interface SettledPush<V> {
  readonly verdict: V | null;
}

const LEASE_SECONDS = 60;
/** How long a push waits for another push of the same tag. */
const PATIENCE_MILLISECONDS = 45_000;
const FIRST_PAUSE_MILLISECONDS = 25;
const LONGEST_PAUSE_MILLISECONDS = 1_000;

/**
 * Pushes a manifest under a tag: reserves the tag in the ledger, has the registry store the manifest,
 * and commits or releases by what came of it (docs/architecture.md, "The push protocol").
 *
 * @param deps - ledger, clock, log
 * @param push - what is pushed by whom
 * @param transport - the way to the registry
 * @returns the registry's answer; of the 4xx family when it would not have the manifest
 * @throws Fault TAG_HELD or TAG_FORBIDDEN when the tag may not be written, UNAVAILABLE when that could
 *   not be decided; then nothing has been acknowledged and the same push can be made again
 */
export async function pushTag<V extends RegistryVerdict>(
  deps: PushDeps,
  push: TagPush,
  transport: ManifestTransport<V>,
): Promise<SettledPush<V>> {
  const mutability = mutabilityOf(push.tag);
  if (mutability === "forbidden") {
    deps.count("refused");
    throw new Fault("TAG_FORBIDDEN", {
      message: `tag "${push.tag}" is virtual: it means the newest tag and cannot be pushed`,
    });
  }
  const deadline = deps.now() + PATIENCE_MILLISECONDS;
  const options = { leaseSeconds: LEASE_SECONDS, mutable: mutability === "mutable" };
  for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = nextPause(pause)) {
    if (await reserveTag(deps.db, push, options)) return writeReserved(deps, push, transport);
    const state = await readTagState(deps.db, push.repository, push.tag);
    const decision = decideTagWrite(state, push.digest, mutability);
    if (decision.outcome === "refuse") throw await refusal(deps, push, decision.held);
    if (decision.outcome === "repeat") return repeat(deps, transport);
    if (deps.now() >= deadline) throw undecided(deps, "another push of this tag is under way");
    await deps.pause(pause);
  }
}

/** The registry gets the manifest again: should it have lost it, a repeated push brings it back. */
async function repeat<V extends RegistryVerdict>(
  deps: PushDeps,
  transport: ManifestTransport<V>,
): Promise<SettledPush<V>> {
  const verdict = await transport.send().catch((error: unknown) => {
    throw undecided(deps, "the registry did not answer", error);
  });
  if (verdict.status >= 500 || verdict.status === 401)
    throw undecided(deps, `the registry answered ${verdict.status}`);
  deps.count(verdict.status < 300 ? "unchanged" : "rejected");
  return { verdict };
}

async function writeReserved<V extends RegistryVerdict>(
  deps: PushDeps,
  push: TagPush,
  transport: ManifestTransport<V>,
): Promise<SettledPush<V>> {
  const verdict = await transport.send().catch((error: unknown) => {
    deps.log.warn({ event: "push.unclear", ...describe(push), err: error });
    return null;
  });
  if (verdict !== null && verdict.status < 300) {
    await commit(deps, push);
    return { verdict };
  }
  if (verdict !== null && verdict.status < 500 && verdict.status !== 401) {
    await release(deps, push);
    deps.count("rejected");
    return { verdict };
  }
  return settleUnclear(deps, push, transport);
}

/** No answer, or one that says nothing about the tag: what the registry has now decides. */
async function settleUnclear<V extends RegistryVerdict>(
  deps: PushDeps,
  push: TagPush,
  transport: ManifestTransport<V>,
): Promise<SettledPush<V>> {
  const current = await transport.currentDigest().catch((error: unknown) => {
    throw undecided(deps, "the registry does not answer", error);
  });
  if (current === push.digest) {
    await commit(deps, push);
    return { verdict: null };
  }
  await release(deps, push);
  throw undecided(deps, "the registry did not store the manifest");
}

async function commit(deps: PushDeps, push: TagPush): Promise<void> {
  const committed = await deps.db.transaction(async (tx) => {
    await storeManifest(tx, push.repository, push.manifest);
    return commitTag(tx, push);
  });
  if (!committed) await confirmHeld(deps, push);
  deps.count("stored");
  deps.log.info({ event: "push.stored", ...describe(push) });
}

/** The lease ran out meanwhile; another gateway may have settled this very push. */
async function confirmHeld(deps: PushDeps, push: TagPush): Promise<void> {
  const state = await readTagState(deps.db, push.repository, push.tag);
  if (state.kind !== "held" || state.digest !== push.digest)
    throw undecided(deps, "the push took longer than its reservation lasted");
}

async function release(deps: PushDeps, push: TagPush): Promise<void> {
  await deps.db.transaction((tx) => releaseTag(tx, push));
  deps.log.info({ event: "push.released", ...describe(push) });
}

async function refusal(deps: PushDeps, push: TagPush, held: HeldTag): Promise<Fault> {
  deps.count("refused");
  deps.log.info({ event: "push.refused", ...describe(push), held: held.digest, by: held.by });
  const content = await readManifestContent(deps.db, push.repository, held.digest);
  const same =
    content !== null && samePlatformImages({ digest: held.digest, content }, push.manifest);
  return new Fault("TAG_HELD", {
    ...(same
      ? { message: "tag already exists; same platform images, only the index differs" }
      : {}),
    detail: {
      digest: held.digest,
      pushedBy: held.by.slice(0, 32),
      pushedAt: held.at.toISOString(),
      rule: "immutable",
    },
  });
}

function undecided(deps: PushDeps, reason: string, cause?: unknown): Fault {
  deps.count("undecided");
  return new Fault("UNAVAILABLE", { message: `${reason}; push again`, cause });
}

function describe({ repository, tag, digest, actor }: TagPush) {
  return { repository, tag, digest, actor };
}

function nextPause(pause: number): number {
  return Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
}
