import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Access } from "#registry-protocol/scope.js";
import { closingTarget } from "./upload-blob.js";
import type { UpstreamAuthorization } from "./upstream-token.js";

/** Stores blobs of any size at the registry, in nobody's name. */
export interface BlobStore {
  /**
   * @param from - a repository that has the blob; `undefined`: none is known
   * @returns where its bytes are to be sent; `null`: it was mounted
   * @throws Error when the registry begins no upload, whatever `fetch` throws
   */
  begin(
    blob: StoredBlob & { readonly from: RepositoryName | undefined },
    signal: AbortSignal,
  ): Promise<string | null>;
  /**
   * @param place - what {@link begin} has answered
   * @param bytes - of the blob; where they end with an error, the registry never hears of their end
   * @throws Error when the registry does not take it, whatever `fetch` throws
   */
  send(
    blob: StoredBlob & { readonly place: string },
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A blob, and where it goes. */
export interface StoredBlob {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** How the registry is asked. */
export interface BlobStoreWay {
  readonly url: string;
  readonly authorization: UpstreamAuthorization;
  /** By which its events are known for the gateways' own. */
  readonly userAgent: string;
}

/**
 * What is stored is sent in one piece, as long as it takes, and no faster than the registry takes it (OCI distribution-spec,
 * "Pushing a blob monolithically", "Mounting a blob from another repository").
 *
 * @param way - how the registry is asked
 * @returns what stores blobs there
 */
export function blobStore(way: BlobStoreWay): BlobStore {
  return {
    begin: async ({ repository, digest, from }, signal) => {
      const mount = from === undefined ? "" : `?mount=${digest}&from=${from}`;
      const answer = await fetch(`${way.url}/v2/${repository}/blobs/uploads/${mount}`, {
        method: "POST",
        headers: headersFor(way, repository, from),
        redirect: "manual",
        signal,
      });
      await answer.body?.cancel();
      const location = answer.headers.get("location");
      if (answer.status === 201) return null;
      if (answer.status !== 202 || location === null)
        throw new Error(`the registry answered ${answer.status} when a blob was to be uploaded`);
      return closingTarget(location, way.url, digest);
    },
    send: async ({ repository, digest, place }, bytes, signal) => {
      const type = { "Content-Type": "application/octet-stream" };
      const answer = await fetch(`${way.url}${place}`, {
        method: "PUT",
        headers: { ...headersFor(way, repository), ...type },
        redirect: "manual",
        signal,
        body: ReadableStream.from(bytes),
        duplex: "half",
      });
      await answer.body?.cancel();
      if (answer.status !== 201)
        throw new Error(`the registry answered ${answer.status} to the blob ${digest}`);
    },
  };
}

function headersFor(
  { authorization, userAgent }: BlobStoreWay,
  repository: RepositoryName,
  from?: RepositoryName,
) {
  const access: Access[] = [{ type: "repository", name: repository, actions: ["pull", "push"] }];
  if (from !== undefined) access.push({ type: "repository", name: from, actions: ["pull"] });
  return { Authorization: authorization("", access), "User-Agent": userAgent };
}
