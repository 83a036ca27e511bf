import type { AuditActor } from "#audit-log/entry.js";
import { algorithmOf, digestOf } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { neededParts, type NeededPart } from "#registry-protocol/manifest/needed-parts.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { putBack, type PutBackDeps } from "../ledger/put-back.js";
import { readLiveManifest } from "../ledger/sql/store-manifest.js";
import { missingParts } from "../upstream/missing-parts.js";
import { thoseWhere } from "#service-kit/some-at-once.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import { faultAnswer } from "./fault-answer.js";

const AT_ONCE = 16;

/** A manifest on its way, and in whose name. */
export interface PutByClient {
  readonly repository: RepositoryName;
  readonly actor: AuditActor;
  readonly reading: Manifest;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

/**
 * What an index names is looked for here: a registry of the line 3 knows manifests by sha256 alone, so it can take an index that
 * calls them otherwise only while it looks for none itself (`validation.manifests.indexes.platforms: none`). The ledger has the
 * bytes of every manifest that was pushed: children that the registry has lost are put back from there.
 *
 * @param deps - ledger and registry
 * @param index - what is pushed
 * @param put - has the registry store it
 * @returns the registry's verdict; MANIFEST_PART_UNKNOWN, and it was not asked, while it lacks what cannot be put back
 * @throws as `put`, and when it cannot be told what the registry has: then it was not asked either
 */
export async function putWithChildren(
  deps: PutBackDeps,
  pushed: PutByClient,
  put: () => Promise<WholeAnswer>,
): Promise<WholeAnswer> {
  const lost = await firstLost(deps, pushed);
  return lost === null ? put() : faultAnswer(partUnknown(lost));
}

/** @returns what the registry lacks and does not get back; `null`: nothing, or it looks for that itself */
async function firstLost(
  deps: PutBackDeps,
  { repository, actor, reading, gone }: PutByClient,
): Promise<NeededPart | null> {
  if (reading.kind !== "index") return null;
  for (const look of [namesAlone, partsOf])
    for (const part of await look(deps, repository, reading)) {
      const lost = { repository, digest: part.digest, actor, gone };
      if (part.kind === "blob" || !(await putBack(deps, lost))) return part;
    }
  return null;
}

function partsOf({ upstream }: PutBackDeps, repository: RepositoryName, index: Manifest) {
  return missingParts(upstream, repository, index);
}

/**
 * Under another name than its sha256 a manifest stands at the registry as a blob. Should it be no manifest there by its sha256,
 * a collection takes what it needs, and a registry 2.8 answers 500 to the name.
 */
async function namesAlone(
  { db, upstream }: PutBackDeps,
  repository: RepositoryName,
  index: Manifest,
): Promise<NeededPart[]> {
  const otherwise = neededParts(index).filter(
    ({ kind, digest }) => kind === "manifest" && algorithmOf(digest) !== "sha256",
  );
  return thoseWhere(otherwise, AT_ONCE, async ({ digest }) => {
    const known = await readLiveManifest(db, repository, digest);
    return known !== null && !(await upstream.hasManifest(repository, digestOf(known.content)));
  });
}

function partUnknown({ digest }: NeededPart): Fault {
  return new Fault("MANIFEST_PART_UNKNOWN", {
    message: `the index needs ${digest}, which the registry does not have; push it first`,
    detail: { digest },
  });
}
