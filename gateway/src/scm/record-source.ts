import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { annotatedSource } from "./find-source.js";
import type { FoundSource } from "./scm-source.js";
import { enqueueSearch } from "./sql/scm-search.js";
import { insertSource, readSource, type KeptSource, type ManifestKey } from "./sql/scm-source.js";

/** A push, as far as its source is concerned. */
export interface SourcedPush extends ManifestKey {
  readonly actor: { readonly uid: string };
  /** What came with it, or was found before. */
  readonly source?: FoundSource | null;
}

/**
 * @param push - the push
 * @param reading - what its manifest says; `null` when it is not at hand
 * @returns the source that came with it, or that the manifest names; `null` when there is none
 */
export function namedSource(
  push: Pick<SourcedPush, "source">,
  reading: StandingManifest | null,
): FoundSource | null {
  return push.source ?? (reading === null ? null : annotatedSource(reading));
}

/**
 * @param tx - transaction that commits the push
 * @param push - the push
 * @param found - its source
 * @returns the source, whether it was not known before, and another one that it replaced
 */
export async function keepNamed(
  tx: Queryable,
  push: SourcedPush,
  found: FoundSource,
): Promise<FoundSource & KeptSource> {
  return { ...found, ...(await insertSource(tx, push, found, push.actor.uid)) };
}

/**
 * Has the source looked for of a push that names none.
 *
 * @param tx - transaction that commits the push
 * @param push - the push
 * @param mayHaveSource - whether it can have a source at all
 * @returns the source when it was known; `null` when none is
 */
export async function searchSource(
  tx: Queryable,
  push: SourcedPush,
  mayHaveSource: boolean,
): Promise<(FoundSource & KeptSource) | null> {
  const options = { by: push.actor.uid, withLayers: true };
  const search = () => enqueueSearch(tx, push.repository, [push.digest], options);
  // What is looked for is not known: most pushes ask no more than that.
  if (mayHaveSource && (await search()) > 0) return null;
  const known = await readSource(tx, push);
  return known === null ? null : { ...known, isNew: false, replaced: null };
}
