import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import { neededParts, type NeededPart } from "#registry-protocol/manifest/needed-parts.js";
import type { KnownManifest } from "../sql/known-manifests.js";

/** Asks registry and ledger about manifests and their parts. Each throws when it cannot be told. */
export interface PartQuestions {
  /** @returns whether the registry has a part */
  stands(repository: RepositoryName, part: NeededPart): Promise<boolean>;
  /** @returns what a manifest says, `null` when nobody can read it */
  reading(manifest: KnownManifest): Promise<StandingManifest | null>;
  /** @returns whether the ledger keeps a manifest, so that it has a turn of its own */
  isKept(manifest: KnownManifest): Promise<boolean>;
}

/** A manifest that was looked at. */
export interface LookedAt {
  readonly manifest: KnownManifest;
  /** What the registry lacks of what it needs; the manifest itself, when that is what it lacks. */
  readonly missing: readonly NeededPart[];
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
  if (!(await questions.stands(repository, itself)))
    return [{ manifest, missing: isTagged ? [itself] : [] }];
  const reading = await questions.reading(manifest);
  const missing: NeededPart[] = [];
  const below: LookedAt[] = [];
  for (const part of reading === null ? [] : neededParts(reading)) {
    const child = { repository, digest: part.digest, isKept: false, isTagged: false };
    if (!(await questions.stands(repository, part))) missing.push(part);
    else if (!manifest.isKept && part.kind === "manifest" && !(await questions.isKept(child)))
      below.push(...(await lookForParts(questions, child)));
  }
  return [{ manifest, missing }, ...below];
}
