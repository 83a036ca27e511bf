import type { Client } from "./client.js";
import {
  otherForm,
  withQuery,
  type AnswerOf,
  type ItemOf,
  type OperationId,
} from "./described-answers.js";

/** Most that a page has. */
const PAGE = 500;
/** Where some of a page do not count, it is not asked for single ones. */
const LEAST = 50;

/** What was read of a list. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** How many were left out. */
  readonly left: number;
  /** Whether there is more. */
  readonly hasMore: boolean;
}

/** What a list of the REST API comes as. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/**
 * Reads a list of the REST API, page after page.
 *
 * @param client - registry
 * @param path - below `/api/v1`
 * @param asked - parameters, undefined ones left out; how many are wanted at most
 * @returns the items, of the form that the document says, and whether there are more
 * @throws ServerRefusal; CommandFault when the registry cannot be reached, or answers no list
 */
export async function readItems<Id extends OperationId>(
  client: Pick<Client, "call">,
  path: string,
  asked: {
    readonly query: Readonly<Record<string, string | undefined>>;
    readonly limit: number;
    /** Items that do not count, and are left out; absent: all do. */
    readonly keep?: (item: ItemOf<Id>) => boolean;
    /** Most that a page of this list has; absent: as most lists. */
    readonly page?: number;
    /** A token for this is got first, as clients of a registry do; absent: none. */
    readonly scope?: string;
  },
): Promise<Listed<ItemOf<Id>>> {
  const { query, limit, keep, page: most = PAGE, scope } = asked;
  const items: ItemOf<Id>[] = [];
  let read = 0;
  let cursor: string | undefined;
  do {
    const wanted = Math.min(most, Math.max(limit - items.length, keep === undefined ? 1 : LEAST));
    const said = withQuery(path, { ...query, cursor, limit: wanted });
    const page = pageOf<Id>(await client.call("GET", said, undefined, scope));
    read += page.items.length;
    items.push(...(keep === undefined ? page.items : page.items.filter(keep)));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  const hasMore = cursor !== undefined || items.length > limit;
  return { items: items.slice(0, limit), left: read - items.length, hasMore };
}

function pageOf<Id extends OperationId>(answer: unknown): Page<ItemOf<Id>> {
  const page = answer as (AnswerOf<Id> & Page<ItemOf<Id>>) | null;
  if (!Array.isArray(page?.items)) throw otherForm();
  return page;
}
