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
 * Keeps the source that came with a push, or else has one looked for.
 *
 * @param tx - transaction that commits the push
 * @param push - the push
 * @param manifest - what it says, `null` when it is not at hand; whether it can have a source at all
 * @returns the source that came or was known, whether it was not before, and another one that it replaced; `null`
 *   when none is known
 */
export async function recordSource(
  tx: Queryable,
  push: SourcedPush,
  manifest: { readonly reading: StandingManifest | null; readonly mayHaveSource: boolean },
): Promise<(FoundSource & KeptSource) | null> {
  const { reading, mayHaveSource } = manifest;
  const found = push.source ?? (reading === null ? null : annotatedSource(reading));
  if (found !== null) {
    return { ...found, ...(await insertSource(tx, push, found, push.actor.uid)) };
  }
  const options = { by: push.actor.uid, withLayers: true };
  const search = () => enqueueSearch(tx, push.repository, [push.digest], options);
  // What is looked for is not known: most pushes ask no more than that.
  if (mayHaveSource && (await search()) > 0) return null;
  const known = await readSource(tx, push);
  return known === null ? null : { ...known, isNew: false, replaced: null };
}
