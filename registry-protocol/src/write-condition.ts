import type { Digest } from "./digest.js";
import { Fault } from "./faults.js";

/** What a tag has to be for a push to be made (RFC 9110 section 13.1). */
export interface WriteCondition {
  /** Of `If-Match`; `null` when it was not sent. */
  readonly match: EntityTags | null;
  /** Of `If-None-Match`; `null` when it was not sent. */
  readonly noneMatch: EntityTags | null;
}

/** `any` is `*`: whatever there is. */
export type EntityTags = "any" | readonly EntityTag[];

/** RFC 9110 section 8.8.3; a registry's entity-tags are digests in quotes. */
export interface EntityTag {
  readonly isWeak: boolean;
  readonly text: string;
}

/** Which header does not hold. */
export type FailedCondition = "If-Match" | "If-None-Match";

/** More than anybody means; each is compared. */
const MOST_ENTITY_TAGS = 64;
/** `entity-tag = [ %s"W/" ] DQUOTE *etagc DQUOTE`; between them commas, blanks and nothing else. */
const ENTITY_TAG = /[\t ,]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(?:,|$)/y;
const NOTHING_MORE = /^[\t ,]*$/;

/**
 * @param headers - `If-Match` and `If-None-Match` of a request, as they were sent
 * @returns what they ask for; `null` when they ask for nothing
 * @throws Fault REQUEST_INVALID when one is neither `*` nor a list of entity-tags
 */
export function parseWriteCondition(headers: {
  readonly "if-match"?: string | undefined;
  readonly "if-none-match"?: string | undefined;
}): WriteCondition | null {
  const match = entityTagsOf("If-Match", headers["if-match"]);
  const noneMatch = entityTagsOf("If-None-Match", headers["if-none-match"]);
  return match === null && noneMatch === null ? null : { match, noneMatch };
}

/**
 * `If-Match` counts first (RFC 9110 section 13.2.2), and compares strongly: a weak entity-tag never matches.
 *
 * @param condition - what the tag has to be
 * @param current - digest that the tag means; `null` when there is no such tag
 * @param offered - digest that it is to mean
 * @returns what does not hold; `null` when the push may be made, also when what `If-Match` guards has been done already
 *   (section 13.1.1): so a repeat of the same push succeeds
 */
export function failedCondition(
  { match, noneMatch }: WriteCondition,
  current: Digest | null,
  offered: Digest,
): FailedCondition | null {
  const isDone = current === offered;
  if (match !== null && !isDone && !isAmong(current, match, "strong")) return "If-Match";
  if (noneMatch !== null && isAmong(current, noneMatch, "weak")) return "If-None-Match";
  return null;
}

function isAmong(current: Digest | null, tags: EntityTags, how: "strong" | "weak"): boolean {
  if (current === null) return false;
  if (tags === "any") return true;
  return tags.some(({ isWeak, text }) => text === current && (how === "weak" || !isWeak));
}

function entityTagsOf(name: FailedCondition, header: string | undefined): EntityTags | null {
  if (header === undefined) return null;
  if (header.trim() === "*") return "any";
  const tags: EntityTag[] = [];
  ENTITY_TAG.lastIndex = 0;
  let end = 0;
  for (let at = ENTITY_TAG.exec(header); at !== null; at = ENTITY_TAG.exec(header)) {
    tags.push({ isWeak: at[1] !== undefined, text: at[2] ?? "" });
    end = ENTITY_TAG.lastIndex;
    if (tags.length > MOST_ENTITY_TAGS) break;
  }
  if (tags.length === 0 || tags.length > MOST_ENTITY_TAGS || !NOTHING_MORE.test(header.slice(end)))
    throw new Fault("REQUEST_INVALID", {
      message: `${name} has to be * or entity-tags in quotes, as "sha256:…", at most ${MOST_ENTITY_TAGS}`,
    });
  return tags;
}
