import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import {
  blobSizes,
  neededParts,
  type NeededPart,
} from "#registry-protocol/manifest/needed-parts.js";
import type { KnownManifest } from "../sql/known-manifests.js";

/** Whether a part is there. */
export type Standing = "there" | "missing" | "cut";

/** A part without which a manifest is of no use, and that is not there as it should be. */
export type LackedPart = NeededPart & { readonly isCut: boolean };

/** Asks registry and ledger about manifests and their parts. Each throws when it cannot be told. */
export interface PartQuestions {
  /** @returns whether the registry has a part, and `cut` when it has another number of bytes than it should */
  stands(repository: RepositoryName, part: NeededPart, size?: number): Promise<Standing>;
  /** @returns what a manifest says, `null` when nobody can read it */
  reading(manifest: KnownManifest): Promise<StandingManifest | null>;
  /** @returns whether the ledger keeps a manifest, so that it has a turn of its own */
  isKept(manifest: KnownManifest): Promise<boolean>;
}

/** A manifest that was looked at. */
export interface LookedAt {
  readonly manifest: KnownManifest;
  /** What the registry lacks of what it needs; the manifest itself, when that is what it lacks. */
  readonly missing: readonly LackedPart[];
}

/**
 * @param questions - asks registry and ledger
 * @param manifest - a manifest
 * @returns it and, of an index that came in past the gateway, what is below it, each with what it lacks
 * @throws what a question throws
 */
export async function lookForParts(
  questions: PartQuestions,
  manifest: KnownManifest,
): Promise<LookedAt[]> {
  const { repository, digest, isTagged } = manifest;
  const itself: NeededPart = { kind: "manifest", digest };
  // Of what no tag means and is not there, nobody can say that it has to be.
  if ((await questions.stands(repository, itself)) === "missing")
    return [{ manifest, missing: isTagged ? [{ ...itself, isCut: false }] : [] }];
  const reading = await questions.reading(manifest);
  const missing: LackedPart[] = [];
  const sizes = reading === null ? null : blobSizes(reading);
  const below: LookedAt[] = [];
  for (const part of reading === null ? [] : neededParts(reading)) {
    const child = { repository, digest: part.digest, isKept: false, isTagged: false };
    const standing = await questions.stands(repository, part, sizes?.get(part.digest));
    if (standing !== "there") missing.push({ ...part, isCut: standing === "cut" });
    else if (!manifest.isKept && part.kind === "manifest" && !(await questions.isKept(child)))
      below.push(...(await lookForParts(questions, child)));
  }
  return [{ manifest, missing }, ...below];
}
