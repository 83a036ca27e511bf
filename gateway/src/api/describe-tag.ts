import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { TagRule } from "#tag-policy/tag-rule.js";
import { isDeletable } from "#tag-policy/deletable.js";
import { readLatestRecord, readRecord, type TagRecord } from "./sql/read-record.js";

/** What describing a tag needs. */
export interface DescribeDeps {
  readonly db: Database;
  readonly policy: TagPolicy;
  readonly resolver: Pick<TagResolver, "resolve">;
}

/**
 * What a push of a tag would meet, and what the tag is: so that a pipeline can ask before it builds.
 *
 * @param deps - ledger and policy
 * @param key - the tag
 * @returns the tag as it is shown
 * @throws Fault NOT_FOUND when there is no such tag; its detail says all the same what a push would meet, and of
 *   a deleted tag who deleted what and when
 */
export async function describeTag(deps: DescribeDeps, key: TagKey) {
  const { repository, tag } = key;
  const rule = deps.policy.ruleFor(repository, tag);
  const isVirtual = deps.policy.isVirtual(key);
  const record = await recordOf(deps, key);
  const shown = { repository, tag, ...ruleShown(rule, record), ...recordShown(record) };
  if (record === null || record.deletedAt !== null)
    throw new Fault("NOT_FOUND", {
      message: record === null ? "there is no such tag" : "the tag was deleted",
      detail: shown,
    });
  return isVirtual ? { ...shown, newest: record.tag } : shown;
}

/**
 * A tag that only the registry knows is taken into the ledger, as when it is read; what virtual `latest` means on a
 * registry that existed before is found out.
 *
 * @param deps - ledger and policy
 * @param key - a tag; virtual `latest` is the newest one
 * @returns its record, `null` when there never was such a tag
 */
export async function recordOf(deps: DescribeDeps, key: TagKey): Promise<TagRecord | null> {
  const isVirtual = deps.policy.isVirtual(key);
  const read = () =>
    isVirtual ? readLatestRecord(deps.db, key.repository) : readRecord(deps.db, key);
  const known = await read();
  if (known !== null) return known;
  await deps.resolver.resolve(key);
  return read();
}

function ruleShown(rule: TagRule, record: TagRecord | null) {
  const locked = record !== null && record.lockedAt !== null;
  const binds = locked && rule.mutability !== "forbidden";
  return {
    mutability: binds ? "immutable" : rule.mutability,
    rule: binds ? "locked" : rule.name,
    appendOnly: rule.appendOnly === true && !locked,
    deletable: isDeletable(rule, locked),
    scmSourceRequired: rule.sourceWantedBy !== undefined,
    locked,
  };
}

function recordShown(record: TagRecord | null) {
  return {
    digest: record?.digest ?? null,
    pushedBy: record?.pushedBy ?? null,
    pushedAt: record?.pushedAt ?? null,
    origin: record?.origin ?? null,
    lockedBy: record?.lockedBy ?? null,
    lockedAt: record?.lockedAt ?? null,
    deletedBy: record?.deletedBy ?? null,
    deletedAt: record?.deletedAt ?? null,
  };
}
