import { randomUUID } from "node:crypto";
import type { AuditActor } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import type {
  ManifestTransport,
  PushDeps,
  RegistryVerdict,
  TagPush,
} from "#gateway/ledger/push-tag.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { recoverTag, type RecoverDeps } from "#gateway/ledger/recover.js";
import type { PushOutcome, PushStep } from "#gateway/ledger/push-counts.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT } from "./ledger.js";
import { pace } from "./race.js";
import { imageText, INDEX_TYPE, readingOf } from "./manifest-texts.js";

/**
 * @param content - stands for the manifest; other content, other digest
 * @param known - what is special about this push
 * @returns a push of it to `alpha/app:1.0` by alice
 */
export function tagPush(
  content: string,
  known: { repository?: string; tag?: string; actor?: string } = {},
): TagPush {
  const bytes = Buffer.from(content);
  const digest = digestOf(bytes);
  const reservation = randomUUID();
  const reading = pushedReading(bytes);
  return {
    repository: parseRepositoryName(known.repository ?? "alpha/app"),
    tag: parseTag(known.tag ?? "1.0"),
    digest,
    actor: auditActor(known.actor, reservation),
    reservation,
    manifest: {
      digest,
      mediaType: reading.mediaType,
      content: bytes,
      reading,
    },
  };
}

/** What is neither index nor image stands for an image without layers, or for an index of what it names. */
function pushedReading(content: Buffer): Manifest {
  const reading = readingOf(content);
  if (reading.kind !== "unclear") return reading;
  const none = readingOf(Buffer.from(imageText()));
  if (none.kind !== "image") throw new Error("an image without layers is none");
  if (reading.children.length === 0) return none;
  const manifests = reading.children.map((digest) => ({ ...none.config, digest }));
  return { ...none, kind: "index", mediaType: INDEX_TYPE, manifests };
}

function auditActor(uid = "alice", requestId: string): AuditActor {
  const where = { address: "192.0.2.1", userAgent: "a client/1.0", requestId };
  return { uid, realm: "/employees", kind: "oauth2", ...where };
}

/** What a gateway pushes and recovers with, and what happened so far. */
export interface TestPushDeps extends PushDeps, Omit<RecoverDeps, keyof PushDeps> {
  readonly outcomes: PushOutcome[];
  readonly steps: PushStep[];
}

/** How often a waiting push looks when nobody wakes it. */
const LOOK_MILLISECONDS = 5;

/**
 * @param db - ledger of the gateway
 * @param registry - where it looks when it settles the push of a lost gateway; absent: one without tags
 * @returns everything else that a push needs, with the real clock
 */
export function pushDeps(db: Database, registry: TagKeeper = tagKeeper()): TestPushDeps {
  const outcomes: PushOutcome[] = [];
  const steps: PushStep[] = [];
  const deps: TestPushDeps = {
    db,
    log: SILENT,
    policy: PIER_ONE_TAGS,
    audit: recordAudit,
    waiting: {
      bounds: BOUNDS,
      now: Date.now,
      pause: (milliseconds) => pace(milliseconds),
      untilSettled: (_key, milliseconds) => pace(Math.min(milliseconds, LOOK_MILLISECONDS)),
      recover: (key) => recoverTag(deps, key),
    },
    upstreamDigest: (key) => registry.digestOf(key),
    upstreamManifest: (_key, digest) => registry.manifest(digest),
    newReservation: randomUUID,
    counts: {
      outcome: (outcome) => outcomes.push(outcome),
      step: (step) => steps.push(step),
      source: () => undefined,
      growth: () => undefined,
    },
    findSource: () => Promise.resolve({ found: null, note: "nothing is looked for" }),
    outcomes,
    steps,
  };
  return deps;
}

/**
 * @param db - ledger of the gateway
 * @returns what a push needs, with a clock that only waiting moves
 */
export function impatientDeps(db: Database): TestPushDeps {
  let now = 0;
  const wait = (milliseconds: number) => {
    now += milliseconds;
    return Promise.resolve();
  };
  const deps = pushDeps(db);
  const untilSettled = (_key: TagKey, milliseconds: number) => wait(milliseconds);
  return { ...deps, waiting: { ...deps.waiting, now: () => now, pause: wait, untilSettled } };
}

/** A registry that keeps what each tag means in memory. */
export interface TagKeeper {
  /** What each tag means now, `repository:tag` to digest. */
  readonly tags: Map<string, Digest>;
  /** Digests in the order in which they were written. */
  readonly writes: Digest[];
  /** Whether it does not answer at present. */
  away: boolean;
  /** @returns the way of a push to this registry */
  transport(push: TagPush): ManifestTransport<RegistryVerdict>;
  /** Somebody else writes a tag, past every gateway. */
  write(push: TagPush): void;
  digestOf(key: TagKey): Promise<Digest | null>;
  manifest(digest: Digest): Promise<StoredManifest | null>;
}

/** @returns an empty one */
export function tagKeeper(): TagKeeper {
  const manifests = new Map<Digest, StoredManifest>();
  const answer = async <T>(value: () => T): Promise<T> => {
    await pace(1);
    if (keeper.away) throw new Error("the registry is away");
    return value();
  };
  const keeper: TagKeeper = {
    tags: new Map(),
    writes: [],
    away: false,
    write: (push) => {
      manifests.set(push.digest, push.manifest);
      keeper.tags.set(nameOf(push), push.digest);
    },
    digestOf: (key) => answer(() => keeper.tags.get(nameOf(key)) ?? null),
    manifest: (digest) => answer(() => manifests.get(digest) ?? null),
    transport: (push) => ({
      send: () =>
        answer(() => {
          keeper.write(push);
          keeper.writes.push(push.digest);
          return { status: 201 };
        }),
      currentDigest: () => keeper.digestOf(push),
    }),
  };
  return keeper;
}

function nameOf({ repository, tag }: TagKey): string {
  return `${repository}:${tag}`;
}
