import type { Queryable } from "#service-kit/db/pool.js";
import { annotatedSource } from "./find-source.js";
import type { FoundSource } from "./scm-source.js";
import { enqueueSearch } from "./sql/scm-search.js";
import { insertSource, readSource, type ManifestKey } from "./sql/scm-source.js";

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
 * @param manifest - its bytes, `null` when they are not at hand; whether it can have a source at all
 * @returns the source that is known now, and whether it was not before; `null` when none is
 */
export async function recordSource(
  tx: Queryable,
  push: SourcedPush,
  manifest: { readonly content: Uint8Array | null; readonly mayHaveSource: boolean },
): Promise<(FoundSource & { readonly isNew: boolean }) | null> {
  const { content, mayHaveSource } = manifest;
  const found = push.source ?? (content === null ? null : annotatedSource(content));
  if (found !== null) {
    const isNew = await insertSource(tx, push, found, push.actor.uid);
    return { ...found, isNew };
  }
  const known = await readSource(tx, push);
  if (known !== null) return { ...known, isNew: false };
  const options = { by: push.actor.uid, withLayers: true };
  if (mayHaveSource) await enqueueSearch(tx, push.repository, [push.digest], options);
  return null;
}
