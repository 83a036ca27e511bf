import { z } from "zod";
import { ServiceUnreachable, type FetchJson } from "#service-kit/http/fetch-json.js";
import type { Logger } from "#service-kit/log.js";
import type { Registry } from "./registry.js";

/** A repository as a registry's own search shows it. */
export interface FoundRepository {
  readonly name: string;
  readonly description: string;
  readonly pulls: number;
  readonly official: boolean;
  readonly automated: boolean;
}

/** What one registry found, or why it said nothing. */
export type GatewayAnswer =
  | { readonly items: readonly FoundRepository[]; readonly hasMore: boolean }
  | { readonly unanswered: string };

/** What is looked for. */
export interface GatewayQuestion {
  readonly q: string;
  readonly limit: number;
  /** Good at that registry alone. */
  readonly token: string;
  readonly milliseconds: number;
}

/** What asking gateways needs. */
export interface GatewayDeps {
  readonly fetchJson: FetchJson;
  /** The same without a look at certificates. */
  readonly fetchUnchecked: FetchJson;
  readonly log: Pick<Logger, "warn">;
}

const SEARCH = "/api/v1/search";
const MOST_CHARACTERS = 4_000;

/** Whoever answers at that address is believed no more than that. */
const pageSchema = z.object({
  items: z.array(
    z.object({
      name: z.string().max(255),
      description: z.string().transform((text) => text.slice(0, MOST_CHARACTERS)),
      pulls: z.number(),
      official: z.boolean(),
      automated: z.boolean(),
    }),
  ),
  next: z.string().nullable(),
});

/**
 * @param deps - what asks services elsewhere
 * @param registry - which registry's gateway
 * @param question - what is looked for, with whose token, and for how long an answer is waited for
 * @returns what that found; never throws: who asks several goes on with the others
 */
export async function searchGateway(
  { fetchJson, fetchUnchecked, log }: GatewayDeps,
  { service, url, insecure }: Pick<Registry, "service" | "url" | "insecure">,
  { q, limit, token, milliseconds }: GatewayQuestion,
): Promise<GatewayAnswer> {
  if (url === null) return { unanswered: "nobody has said where it is asked" };
  const ask = insecure ? fetchUnchecked : fetchJson;
  const target = new URL(
    `${url}${SEARCH}?${new URLSearchParams({ q, limit: String(limit) }).toString()}`,
  );
  const headers = { accept: "application/json", authorization: `Bearer ${token}` };
  try {
    const { status, body } = await ask(target, { headers }, milliseconds);
    if (status !== 200) return { unanswered: `it answered ${status}` };
    const page = pageSchema.safeParse(body);
    if (!page.success) return { unanswered: "it answered something else than a search" };
    const { items, next } = page.data;
    return { items: items.slice(0, limit), hasMore: next !== null || items.length > limit };
  } catch (error) {
    if (!(error instanceof ServiceUnreachable)) throw error;
    log.warn({ event: "registry.unanswered", service, reason: error.message });
    return {
      unanswered: error.status === null ? "it did not answer" : `it answered ${error.status}`,
    };
  }
}
