import { Fault } from "#registry-protocol/faults.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { readSearch } from "../scm/sql/scm-search.js";
import { readSource } from "../scm/sql/scm-source.js";
import { recordOf, type DescribeDeps } from "./describe-tag.js";

const NOT_KNOWN = {
  waiting: "the SCM source is still looked for",
  none: "the image names no SCM source",
  "given-up": "the SCM source could not be looked for",
} as const;

/**
 * @param deps - ledger and policy
 * @param key - a tag
 * @returns where it comes from, and how and since when that is known; Pier One's fields first
 * @throws Fault NOT_FOUND when there is no such tag, or its source is not known
 */
export async function sourceOfTag(deps: DescribeDeps, key: TagKey) {
  const record = await recordOf(deps, key);
  if (record === null || record.deletedAt !== null)
    throw new Fault("NOT_FOUND", { message: "there is no such tag" });
  const { digest } = record;
  const manifest = { repository: key.repository, digest };
  const known = await readSource(deps.db, manifest);
  if (known === null) {
    const search = (await readSearch(deps.db, manifest)) ?? "none";
    throw new Fault("NOT_FOUND", { message: NOT_KNOWN[search], detail: { digest, search } });
  }
  const { source, createdAt, origin } = known;
  return { ...source, created: createdAt, origin, digest };
}
