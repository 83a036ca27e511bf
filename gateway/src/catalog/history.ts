import type { View } from "#access-policy/view.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Catalog } from "./catalog.js";
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
  return shownPage(found, of.limit);
}

/** So many are looked at for one page, whatever the caller may know of. */
const MOST_LOOKED_AT = 5_000;
const AT_ONCE = 500;

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
  const { repository = null, tag = null, actor = null, limit } = of;
  if (repository !== null && !has(repository)) throw noSuchRepository();
  const found: PlacedEntry[] = [];
  let after = of.after ?? null;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += AT_ONCE) {
    const some: readonly PlacedEntry[] = await readRefusals(
      db,
      { repository, tag, actor },
      after,
      AT_ONCE,
    );
    found.push(...some.filter(({ entry }) => entry.repository !== null && has(entry.repository)));
    after = some.at(-1) ?? null;
    if (some.length < AT_ONCE || found.length > limit) {
      if (some.length < AT_ONCE) after = null;
      break;
    }
  }
  const page = shownPage(found, limit);
  return page.next === null && after !== null ? { ...page, next: placeOf(after) } : page;
}

function shownPage(found: readonly PlacedEntry[], limit: number): Page<Happened, EntryPlace> {
  const { items, next } = pageOf(found, limit, placeOf);
  return { items: items.map(happened), next };
}

function placeOf({ at, chain, position }: EntryPlace): EntryPlace {
  return { at, chain, position };
}

function happened({ at, entry }: PlacedEntry): Happened {
  const { action, actor, repository, tag, digest, reason, detail } = entry;
  const { uid, realm, kind } = actor;
  return { at, action, by: { uid, realm, kind }, repository, tag, digest, reason, detail };
}
