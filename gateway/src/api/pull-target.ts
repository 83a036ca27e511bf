import { isDigest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { segmentsOf, splitTarget } from "#registry-protocol/path.js";
import { isLine } from "#registry-protocol/text.js";
import { parseTag } from "#registry-protocol/tag.js";

import type { PullCursor, PullTarget } from "../pulls/pull-query.js";

const PREFIX = "/api/v1/repositories/";
/** A mistyped one would leave out what it was to narrow down. */
const PARAMETERS = ["tag", "digest", "since", "limit", "cursor"];
const DEFAULT_LIMIT = 100;
const MOST_LIMIT = 1_000;
/** RFC 3339, section 5.6. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * Understands `…/<name>` and `…/<name>/pulls`. Repository names have slashes, so a target that ends in `/pulls`
 * is about the pulls of what stands before, also where a repository has that name: that one is asked for with its
 * slashes written `%2F`.
 *
 * @param target - request target exactly as received, none about a tag
 * @returns what it is about, or `null` when it is another endpoint's
 * @throws Fault NAME_INVALID, TAG_NAME_INVALID, DIGEST_INVALID or REQUEST_INVALID
 */
export function parsePullTarget(target: string): PullTarget | null {
  const { path, query } = splitTarget(target);
  if (!path.startsWith(PREFIX)) return null;
  const segments = segmentsOf(path.slice(PREFIX.length));
  const isList = segments.length > 1 && segments.at(-1) === "pulls";
  const repository = parseRepositoryName((isList ? segments.slice(0, -1) : segments).join("/"));
  const asked = new URLSearchParams(query);
  const strange = [...asked.keys()].find((key) => !PARAMETERS.includes(key));
  if (strange !== undefined)
    throw refusal("the query", strange, `no parameters but ${PARAMETERS.join(", ")}`);
  const [tag, digest, since, limit, cursor] = PARAMETERS.map((key) => asked.get(key));
  if (digest != null && !isDigest(digest)) throw new Fault("DIGEST_INVALID");
  return {
    about: isList ? "pulls" : "repository",
    repository,
    tag: tag == null ? null : parseTag(tag),
    digest: digest ?? null,
    since: since == null ? null : parseTime(since),
    limit: limit == null ? DEFAULT_LIMIT : parseLimit(limit),
    cursor: cursor == null ? null : parseCursor(cursor),
  };
}

/**
 * @param cursor - where a page ended
 * @returns it as clients get it, opaque
 */
export function formatCursor({ lastAt, tag, digest, caller }: PullCursor): string {
  return Buffer.from(JSON.stringify([lastAt, tag, digest, caller])).toString("base64url");
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (TIMESTAMP.test(text) && !Number.isNaN(time.getTime())) return time;
  throw refusal("since", text, "a time as in 2026-11-20T12:00:00Z");
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= MOST_LIMIT) return limit;
  throw refusal("limit", text, `a number from 1 to ${MOST_LIMIT}`);
}

function parseCursor(text: string): PullCursor {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    const [lastAt, tag, digest, caller] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
    if (isTimeOfDatabase(lastAt) && isText(tag) && isText(digest) && isText(caller))
      return { lastAt, tag, digest, caller };
  } catch {
    // Said below, as for any other text that is no cursor.
  }
  throw refusal("cursor", text, "what an answer said under next");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && isLine(value);
}

function isTimeOfDatabase(value: unknown): value is string {
  return (
    isText(value) &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

function refusal(name: string, given: string, wanted: string): Fault {
  const shown = JSON.stringify(given.slice(0, 80));
  return new Fault("REQUEST_INVALID", { message: `${name}: given ${shown}, wanted ${wanted}` });
}
