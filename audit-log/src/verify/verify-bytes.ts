import type { Queryable } from "#service-kit/db/pool.js";
import { keptBytesAfter } from "../sql/kept-bytes.js";
import { FIRST_PLACE, type ManifestPlace } from "../sql/known-manifests.js";

/** What was found. */
export interface VerifiedBytes {
  readonly checked: number;
  /** Of them those whose bytes were forgotten by rule, each with its entry. */
  readonly forgotten: number;
  readonly wrong: number;
  /** The first of the wrong ones. */
  readonly findings: readonly (ManifestPlace & { readonly problem: string })[];
}

const BATCH = 1_000;
const MOST_FINDINGS = 100;

/**
 * Looks whether the bytes that the ledger keeps of each manifest have its digest, and tells those that were forgotten by rule, which is
 * on record of each, from those that were lost.
 *
 * @param tx - audit log and ledger, as they stand at one moment
 * @param progress - told how far it is
 * @returns what was found
 */
export async function verifyBytes(
  tx: Queryable,
  progress: (text: string) => void,
): Promise<VerifiedBytes> {
  const findings: (ManifestPlace & { problem: string })[] = [];
  let [checked, forgotten, wrong] = [0, 0, 0];
  for (let place: ManifestPlace = FIRST_PLACE; ;) {
    const manifests = await keptBytesAfter(tx, place, BATCH);
    for (const { repository, digest, isForgotten, isRight } of manifests) {
      if (isRight && isForgotten) forgotten += 1;
      if (isRight) continue;
      wrong += 1;
      const problem = isForgotten ? UNRECORDED : LOST;
      if (findings.length < MOST_FINDINGS) findings.push({ repository, digest, problem });
    }
    checked += manifests.length;
    progress(`${checked} manifests of the ledger`);
    place = manifests.at(-1) ?? place;
    if (manifests.length < BATCH) return { checked, forgotten, wrong, findings };
  }
}

const UNRECORDED = "its bytes are gone, and no entry says that they were forgotten";
const LOST = "its bytes were lost or changed: they do not have this digest";
