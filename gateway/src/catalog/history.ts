import type { View } from "#access-policy/view.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Catalog } from "./catalog.js";
import { lookThrough } from "./look-through.js";
import { noSuchRepository, notKnown } from "./not-known.js";
import { pageOf, type Page } from "./page.js";
import { readRefusals, readTagHistory, type EntryPlace, type PlacedEntry } from "./sql/history.js";

/** What happened, as whoever may pull there is shown it: who, but not from where. */
export interface Happened {
  readonly at: string;
  readonly action: string;
  readonly by: { readonly uid: string; readonly realm: string; readonly kind: string };
  readonly repository: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * @param catalog - what lists are read from
 * @param view - what the caller may pull
 * @param of - a tag that is or was, and which part of what happened to it
 * @returns what happened to it, the newest first
 * @throws Fault NOT_FOUND when nothing ever did, NAME_UNKNOWN when the caller may not know of its repository
 */
export async function tagHistory(
  { db, shown }: Pick<Catalog, "db" | "shown">,
  view: View,
  of: {
    readonly repository: RepositoryName;
    readonly tag: Tag;
    readonly after?: EntryPlace;
    readonly limit: number;
  },
): Promise<Page<Happened, EntryPlace>> {
  const { has } = await shown(view);
  if (!has(of.repository)) throw noSuchRepository();
  const found = await readTagHistory(db, of, of.after ?? null, of.limit + 1);
  if (found.length === 0 && of.after === undefined) throw notKnown("tag");
  const { items, next } = pageOf(found, of.limit, placeOf);
  return { items: items.map(happened), next };
}

/**
 * A page may be short, and not the last one, where the caller may know of few of what was refused.
 *
 * @param catalog - what lists are read from
 * @param view - what the caller may pull: what was refused elsewhere is not shown
 * @param of - where, to whom, and which part
 * @returns refused pushes and deletions, the newest first
 */
export async function listRefusals(
  { db, shown }: Pick<Catalog, "db" | "shown">,
  view: View,
  of: {
    readonly repository?: RepositoryName;
    readonly tag?: Tag;
    readonly actor?: string;
    readonly after?: EntryPlace;
    readonly limit: number;
  },
): Promise<Page<Happened, EntryPlace>> {
  const { has } = await shown(view);
  const { repository = null, tag = null, actor = null } = of;
  if (repository !== null && !has(repository)) throw noSuchRepository();
  const page = await lookThrough(
    {
      read: (after, most) => readRefusals(db, { repository, tag, actor }, after, most),
      isShown: ({ entry }) =>
        entry.repository !== null &&
        has(entry.repository) &&
        (actor === null || entry.actor.uid === actor),
      placeOf,
    },
    of,
  );
  return { ...page, items: page.items.map(happened) };
}

function placeOf({ at, chain, position }: EntryPlace): EntryPlace {
  return { at, chain, position };
}

function happened({ at, entry }: PlacedEntry): Happened {
  const { action, actor, repository, tag, digest, reason, detail } = entry;
  const { uid, realm, kind } = actor;
  return { at, action, by: { uid, realm, kind }, repository, tag, digest, reason, detail };
}
