import { isDigest, type Digest } from "#registry-protocol/digest.js";
import type { EntryPlace, PlacedEntry } from "../catalog/sql/history.js";
import { pageOf, type Page } from "../catalog/page.js";
import { manifestFacts, type ManifestFactsDeps } from "./manifest-facts.js";
import type { ManifestFacts } from "./sql/manifest-descriptors.js";
import { readTagEvents, type TagEventsQuery } from "./sql/tag-events.js";

/** A tag came to mean a manifest, or went. */
export interface TagEvent extends ManifestFacts {
  readonly event: "created" | "deleted";
  /** What it means from then on, or meant until then. */
  readonly digest: Digest;
  /** To the microsecond. */
  readonly at: string;
  /** Who did it; empty: the gateway itself. */
  readonly by: string;
}

/**
 * @param deps - ledger, audit log and registry
 * @param query - which part of which tag's history, one event at least
 * @returns it, the newest first; empty of what never was
 * @throws Fault UNAVAILABLE as {@link manifestFacts}
 */
export async function tagHistory(
  deps: ManifestFactsDeps,
  query: TagEventsQuery,
): Promise<Page<TagEvent, EntryPlace>> {
  const { db, ask } = deps;
  const found = await ask(() => readTagEvents(db, { ...query, limit: query.limit + 1 }));
  const { items, next } = pageOf(found, query.limit, placeOf);
  const events = items.flatMap((entry) => eventIn(entry, query));
  const digests = events.map(({ digest }) => digest);
  const factsOf = await manifestFacts(deps, query.repository, digests);
  return { items: events.map((event) => ({ ...factsOf(event.digest), ...event })), next };
}

/** Names of tags and digests stand in the text of entries about others, too. */
function eventIn(
  { at, entry }: PlacedEntry,
  { tag, digest: wanted }: TagEventsQuery,
): Omit<TagEvent, keyof ManifestFacts>[] {
  const { action, actor, digest } = entry;
  if (entry.tag !== tag || digest === null || !isDigest(digest)) return [];
  if (wanted !== null && wanted !== digest) return [];
  return [{ event: action === "tag.deleted" ? "deleted" : "created", digest, at, by: actor.uid }];
}

function placeOf({ at, chain, position }: EntryPlace): EntryPlace {
  return { at, chain, position };
}
