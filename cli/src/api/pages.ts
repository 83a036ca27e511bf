import { z } from "zod";
import type { Client } from "./client.js";
import type { ItemOf, OperationId } from "./described-answers.js";

/** What a list of the REST API comes as. */
const pageSchema = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });
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

/**
 * Reads a list of the REST API, page after page.
 *
 * @param client - registry
 * @param path - below `/api/v1`
 * @param asked - parameters, undefined ones left out; form of an item; how many are wanted at most
 * @returns the items, and whether there are more
 * @throws ServerRefusal
 */
export async function readPages<T>(
  client: Pick<Client, "call">,
  path: string,
  asked: {
    readonly query: Readonly<Record<string, string | undefined>>;
    readonly item: z.ZodType<T>;
    readonly limit: number;
    /** Items that do not count, and are left out; absent: all do. */
    readonly keep?: (item: T) => boolean;
    /** Most that a page of this list has; absent: as most lists. */
    readonly page?: number;
  },
): Promise<Listed<T>> {
  const items: T[] = [];
  let read = 0;
  let cursor: string | undefined;
  do {
    const said = { ...asked.query, cursor };
    const query = new URLSearchParams({
      ...(Object.fromEntries(
        Object.entries(said).filter(([, value]) => value !== undefined),
      ) as Record<string, string>),
      limit: String(
        Math.min(asked.page ?? PAGE, Math.max(asked.limit - items.length, asked.keep ? LEAST : 1)),
      ),
    });
    const page: z.output<typeof pageSchema> = pageSchema.parse(
      await client.call("GET", `${path}?${query.toString()}`),
    );
    const parsed = page.items.map((item) => asked.item.parse(item));
    read += parsed.length;
    items.push(...(asked.keep === undefined ? parsed : parsed.filter(asked.keep)));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < asked.limit);
  const hasMore = cursor !== undefined || items.length > asked.limit;
  return { items: items.slice(0, asked.limit), left: read - items.length, hasMore };
}

/**
 * The same of an operation whose answers the OpenAPI document describes.
 *
 * @param client - registry
 * @param path - below `/api/v1`
 * @param asked - parameters, undefined ones left out; how many are wanted at most
 * @returns the items, and whether there are more
 * @throws ServerRefusal
 */
export function readItems<Id extends OperationId>(
  client: Pick<Client, "call">,
  path: string,
  asked: {
    readonly query: Readonly<Record<string, string | undefined>>;
    readonly limit: number;
    readonly keep?: (item: ItemOf<Id>) => boolean;
    readonly page?: number;
  },
): Promise<Listed<ItemOf<Id>>> {
  return readPages(client, path, { ...asked, item: ITEM as unknown as z.ZodType<ItemOf<Id>> });
}

const ITEM = z.looseObject({});
