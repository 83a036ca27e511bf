import { parseDigest, type Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { askedPage } from "../upstream/registry-target.js";
import type { TagSorting } from "../extensions/sql/described-tags.js";

/** RFC 3339 section 5.6, in years and offsets that Postgres takes, too. */
const TIME = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/i;
const CURSOR = /^[\w-]{1,2000}$/;

/** Which part of a tag's history is asked for; `null` where nothing is said. */
export interface AskedHistory {
  readonly most: number | null;
  readonly digest: Digest | null;
  readonly since: string | null;
  readonly before: string | null;
  readonly cursor: string | null;
}

/**
 * @param query - parameters of a request for a tag's history, decoded
 * @returns what is asked for
 * @throws Fault PAGE_INVALID, DIGEST_INVALID or REQUEST_INVALID for a parameter that is not of its form
 */
export function askedHistory(query: URLSearchParams): AskedHistory {
  const digest = given(query, "digest");
  return {
    most: askedPage(query).most,
    digest: digest === null ? null : parseDigest(digest),
    since: timeIn(query, "since"),
    before: timeIn(query, "before"),
    cursor: cursorIn(query),
  };
}

/** Which tags are asked for, in which order; `null` where nothing is said. */
export interface AskedTags extends TagSorting {
  readonly most: number | null;
  /** In a list by name alone. */
  readonly last: string | null;
  readonly cursor: string | null;
}

/**
 * @param query - parameters of a request for described tags, decoded
 * @returns what is asked for, by name and upward where nothing is said
 * @throws Fault PAGE_INVALID or REQUEST_INVALID for a parameter that is not of its form
 */
export function askedTags(query: URLSearchParams): AskedTags {
  const by = oneOf(query, "sort_by", ["name", "created_at"]);
  const order = oneOf(query, "sort_order", ["asc", "desc"]);
  const { most, after: last } = askedPage(query);
  if (last !== null && by === "created_at")
    throw new Fault("REQUEST_INVALID", {
      message: "last: wanted none in a list by time, but the Link of the page before",
    });
  return { by, order, most, last, cursor: cursorIn(query) };
}

function oneOf<const T extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly [T, ...T[]],
): T {
  const value = given(query, name);
  const found = value === null ? words[0] : words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new Fault("REQUEST_INVALID", { message: `${name}: wanted ${words.join(" or ")}` });
}

function timeIn(query: URLSearchParams, name: string): string | null {
  const value = given(query, name);
  if (value === null) return null;
  if (TIME.test(value) && !Number.isNaN(Date.parse(value.toUpperCase()))) return value;
  throw new Fault("REQUEST_INVALID", {
    message: `${name}: wanted a time as RFC 3339 has it, such as 2026-11-20T20:00:00Z`,
  });
}

function cursorIn(query: URLSearchParams): string | null {
  const value = given(query, "cursor");
  if (value === null || CURSOR.test(value)) return value;
  throw new Fault("REQUEST_INVALID", { message: "cursor: wanted the Link of the page before" });
}

/** An empty one says nothing, as in the registry's own lists. */
function given(query: URLSearchParams, name: string): string | null {
  const value = query.get(name);
  return value === "" ? null : value;
}
