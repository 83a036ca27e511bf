import type { AuditActor } from "#audit-log/entry.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { putBack, type PutBackDeps } from "../ledger/put-back.js";
import { missingParts } from "../upstream/missing-parts.js";
import type { WholeAnswer } from "../upstream/whole-request.js";

/** A manifest on its way, and in whose name. */
export interface PutByClient {
  readonly repository: RepositoryName;
  readonly actor: AuditActor;
  readonly reading: Manifest;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

/**
 * The ledger has the bytes of every manifest that was pushed: children of an index that the registry has lost are put back
 * from there, and it gets the index again.
 *
 * @param deps - ledger and registry
 * @param index - what is pushed
 * @param put - has the registry store it
 * @returns the registry's verdict; the first one, when not all that it lacks can be put back
 * @throws as `put`
 */
export async function putWithChildren(
  deps: PutBackDeps,
  { repository, actor, reading, gone }: PutByClient,
  put: () => Promise<WholeAnswer>,
): Promise<WholeAnswer> {
  const answer = await put();
  if (reading.kind !== "index" || answer.status < 400 || answer.status >= 500) return answer;
  const missing = await missingParts(deps.upstream, repository, reading).catch(() => []);
  if (missing.length === 0) return answer;
  for (const { kind, digest } of missing) {
    const lost = { repository, digest, actor, gone };
    // What cannot be told of it now leaves the registry's verdict as it is: it is not there.
    if (kind === "blob" || !(await putBack(deps, lost).catch(() => false))) return answer;
  }
  return put();
}
