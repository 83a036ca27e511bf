import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type {
  ManifestTransport,
  PushDeps,
  PushOutcome,
  RegistryVerdict,
  TagPush,
} from "#gateway/ledger/push-tag.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT } from "./ledger.js";

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
  return {
    repository: parseRepositoryName(known.repository ?? "alpha/app"),
    tag: parseTag(known.tag ?? "1.0"),
    digest,
    actor: known.actor ?? "alice",
    reservation: randomUUID(),
    manifest: {
      digest,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      content: bytes,
    },
  };
}

/** What a gateway pushes with, and how its pushes ended so far. */
export interface TestPushDeps extends PushDeps {
  readonly outcomes: PushOutcome[];
}

/**
 * @param db - ledger of the gateway
 * @returns everything else that a push needs, with the real clock
 */
export function pushDeps(db: Database): TestPushDeps {
  const outcomes: PushOutcome[] = [];
  return {
    db,
    log: SILENT,
    now: Date.now,
    pause: (milliseconds) => pause(milliseconds),
    count: (outcome) => outcomes.push(outcome),
    outcomes,
  };
}

/**
 * @param db - ledger of the gateway
 * @returns what a push needs, with a clock that only waiting moves
 */
export function impatientDeps(db: Database): TestPushDeps {
  let now = 0;
  return {
    ...pushDeps(db),
    now: () => now,
    pause: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
  };
}

/** A registry that keeps what each tag means in memory. */
export interface TagKeeper {
  /** What each tag means now, `repository:tag` to digest. */
  readonly tags: Map<string, Digest>;
  /** Digests in the order in which they were written. */
  readonly writes: Digest[];
  /** @returns the way of a push to this registry */
  transport(push: TagPush): ManifestTransport<RegistryVerdict>;
}

/** @returns an empty one */
export function tagKeeper(): TagKeeper {
  const tags = new Map<string, Digest>();
  const writes: Digest[] = [];
  return {
    tags,
    writes,
    transport: (push) => {
      const key = `${push.repository}:${push.tag}`;
      return {
        send: async () => {
          await pause(1);
          tags.set(key, push.digest);
          writes.push(push.digest);
          return { status: 201 };
        },
        currentDigest: () => Promise.resolve(tags.get(key) ?? null),
      };
    },
  };
}
