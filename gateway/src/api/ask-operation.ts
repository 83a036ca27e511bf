import { readCursor, writeCursor, type CursorSealer } from "#rest-api/cursor.js";
import type { FoundOperation } from "#rest-api/find-operation.js";
import type { Operation } from "#rest-api/operation.js";
import { parseInput } from "#rest-api/parse-input.js";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { RestAnswer } from "#service-kit/http/send-answer.js";
import type { AnsweredPage, AskedPage } from "./implement.js";

/** What a target says. */
export interface ParsedTarget {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly page: AskedPage<unknown> | null;
  /** What a list by page is of. */
  readonly list: string;
}

/**
 * @param found - an operation, and its path
 * @param target - request target exactly as received
 * @param sealer - what sealed its cursor, if it has one
 * @returns what it says
 * @throws Fault REQUEST_INVALID, NAME_INVALID, TAG_NAME_INVALID or DIGEST_INVALID
 */
export function parseTarget(
  { operation, path: given }: FoundOperation,
  target: string,
  sealer: CursorSealer,
): ParsedTarget {
  const path = parseInput(operation.parameters, given);
  const asked = new URLSearchParams(splitTarget(target).query);
  refuseUnknown(operation, asked);
  const query = parseInput(operation.query, Object.fromEntries([...asked].reverse()));
  const { position, id } = operation;
  if (position === null) return { path, query, page: null, list: "" };
  const { limit, cursor, ...filters } = query;
  const list = JSON.stringify([id, path, filters]);
  const after = typeof cursor === "string" ? readCursor(sealer, list, cursor, position) : null;
  return { path, query, page: { limit: Number(limit), after }, list };
}

/** Where a parameter that is not known would be passed over, the schema takes it out; elsewhere it is no slip that goes unnoticed. */
function refuseUnknown({ query }: Operation, asked: URLSearchParams): void {
  if (query.def.catchall === undefined) return;
  const known = Object.keys(query.shape);
  const strange = [...asked.keys()].find((key) => !known.includes(key));
  if (strange === undefined) return;
  const shown = JSON.stringify(strange.slice(0, 80));
  throw new Fault("REQUEST_INVALID", {
    message: `the query: given ${shown}, wanted no parameters but ${known.join(", ")}`,
  });
}

/**
 * @param asked - request target exactly as received, and what the list is of
 * @param page - what is answered
 * @param sealer - seals where the page ended
 * @returns it, and where the next one is (RFC 8288)
 */
export function answerOfPage(
  { target, list }: { readonly target: string; readonly list: string },
  { items, next: position }: AnsweredPage,
  sealer: CursorSealer,
): RestAnswer {
  if (position === null) return { body: { items, next: null } };
  const next = writeCursor(sealer, list, position);
  const { path, query } = splitTarget(target);
  const asked = new URLSearchParams(query);
  asked.set("cursor", next);
  return {
    body: { items, next },
    headers: { Link: `<${path}?${asked.toString()}>; rel="next"` },
  };
}
