import type { View } from "#access-policy/view.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Catalog } from "./catalog.js";
import { lookThrough } from "./look-through.js";
import { noSuchRepository } from "./not-known.js";
import type { Page } from "./page.js";
import {
  FINDING_KINDS,
  readFindings,
  readNames,
  type FindingKind,
  type FindingPlace,
  type FindingRow,
} from "./sql/findings.js";

/** What a pass of discovery found. */
export interface Finding {
  readonly kind: FindingKind;
  readonly repository: string;
  /** `null` of a manifest that lacks something. */
  readonly tag: string | null;
  readonly digest: string;
  /** What the registry has in its place. */
  readonly found: string | null;
  /** What a manifest lacks. */
  readonly part: string | null;
  readonly since: Date | null;
  readonly sightings: number | null;
}

/** Where a page of findings ends. */
export type KindPlace = FindingPlace & { readonly kind: FindingKind };

type Placed = FindingRow & { readonly kind: FindingKind };

/**
 * A page may be short, and not the last one, where the caller may know of few of what was found.
 *
 * @param catalog - what lists are read from
 * @param view - what the caller may pull: what was found elsewhere is not shown
 * @param of - what was found, where, and which part of it
 * @returns what passes of discovery found and is so still: kind by kind, by repository and name
 * @throws Fault NAME_UNKNOWN when the caller may not know of the repository that is asked for
 */
export async function listFindings(
  { db, shown }: Pick<Catalog, "db" | "shown">,
  view: View,
  of: {
    readonly kind?: FindingKind;
    readonly repository?: RepositoryName;
    readonly after?: KindPlace;
    readonly limit: number;
  },
): Promise<Page<Finding, KindPlace>> {
  const { few, has } = await shown(view);
  const { repository } = of;
  if (repository !== undefined && !has(repository)) throw noSuchRepository();
  const repositories =
    repository !== undefined ? [repository] : few === null ? null : await readNames(db, few);
  const kinds = FINDING_KINDS.filter((kind) => of.kind === undefined || kind === of.kind);
  const read = async (after: KindPlace | null, most: number) => {
    const some: Placed[] = [];
    for (const kind of kinds.slice(after === null ? 0 : kinds.indexOf(after.kind))) {
      const follows = after?.kind === kind ? after : null;
      const query = { repositories, after: follows, limit: most - some.length };
      const rows = await readFindings(db, kind, query);
      some.push(...rows.map((row) => ({ ...row, kind })));
      if (some.length === most) break;
    }
    return some;
  };
  const isShown = (row: Placed) => has(row.repository);
  const { items, next } = await lookThrough({ read, isShown, placeOf }, of);
  return { items: items.map(findingOf), next };
}

function placeOf({ kind, repository, name, part }: KindPlace): KindPlace {
  return { kind, repository, name, part };
}

function findingOf({ kind, repository, name, part, ...row }: Placed): Finding {
  const { digest, found, since, sightings } = row;
  const isTag = kind !== "incomplete";
  return {
    ...{ kind, repository, tag: isTag ? name : null, digest },
    ...{ found, part: isTag ? null : part, since, sightings },
  };
}
