import type { IncomingMessage } from "node:http";
import { algorithmOf, type Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";

/** A blob as a client calls it. */
export interface AskedBlob {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/**
 * Stock registries know blobs by other digests than sha256, and answer with that all the same. Clients compare what they are told
 * with what they have asked for (OCI distribution-spec, "Pulling blobs").
 *
 * @param answer - the registry's answer about a blob that is there; it is changed
 * @param asked - what the client calls it
 */
export function inAlgorithmOf(answer: IncomingMessage, { repository, digest }: AskedBlob): void {
  const { headers } = answer;
  if (algorithmOf(digest) === "sha256") return;
  headers["docker-content-digest"] = digest;
  if (headers.location !== undefined && answer.statusCode === 201)
    headers.location = `/v2/${repository}/blobs/${digest}`;
}
