import { setTimeout as pause } from "node:timers/promises";
import { digestOf, isDigest, type Digest } from "#registry-protocol/digest.js";
import { ANY_MANIFEST } from "#registry-protocol/any-manifest.js";
import type { Reference } from "#registry-protocol/request.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { readStored } from "./read-stored.js";
import type { UpstreamAuthorization } from "./upstream-token.js";
import { wholeRequests, type WholeAnswer, type WholeRequest } from "./whole-request.js";

/** A manifest on its way to the registry. */
export interface ManifestPut extends Errand {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  readonly content: Buffer;
  readonly mediaType: string;
}

/** A request that goes to the registry in a client's name. */
export interface Errand {
  readonly subject: string;
  readonly clientAddress: string;
  readonly requestId: string;
}

/** The gateway's own requests to the registry; everything else is streamed through. */
export interface Upstream {
  /** @returns the registry's answer. @throws when there is none in time, so that nobody knows what came of it */
  putManifest(put: ManifestPut): Promise<WholeAnswer>;
  /** @returns the digest that a tag has at the registry, or `null` when it has none. @throws when that cannot be told */
  digestOfTag(repository: RepositoryName, tag: string): Promise<Digest | null>;
  /** @returns a manifest, or `null` when the registry has none. @throws when that cannot be told */
  getManifest(repository: RepositoryName, digest: Digest): Promise<StoredManifest | null>;
  /** @returns size of a blob in bytes, or `null` when the registry has none. @throws when that cannot be told */
  blobSize(repository: RepositoryName, digest: Digest): Promise<number | null>;
  /** @returns the registry's answer. @throws when there is none in time, so that nobody knows what came of it */
  deleteManifest(
    repository: RepositoryName,
    reference: Reference,
    errand: Errand,
  ): Promise<WholeAnswer>;
  /** @returns one page of tags, asked for with a query that the gateway wrote. @throws when there is no answer in time */
  listTags(repository: RepositoryName, query: string, errand: Errand): Promise<WholeAnswer>;
  /** @throws when the registry does not answer or does not accept the gateway's tokens */
  ping(): Promise<void>;
}

/** How long the registry may take. */
export interface UpstreamPatience {
  /** To store or return a manifest. */
  readonly manifestMilliseconds: number;
  /** To say what a tag is, or that it is there at all. */
  readonly probeMilliseconds: number;
}

/** Shorter than a reservation's lease: a living gateway knows the outcome before its claim runs out. */
const PATIENCE: UpstreamPatience = { manifestMilliseconds: 30_000, probeMilliseconds: 5_000 };

/**
 * @param registryUrl - URL of the stock registry
 * @param authorization - makes the gateway's tokens
 * @param patience - how long its answers may take
 * @param userAgent - how the gateway calls itself there
 * @returns a client for the few requests that the gateway makes itself
 */
export function registryUpstream(
  registryUrl: string,
  authorization: UpstreamAuthorization,
  { manifestMilliseconds, probeMilliseconds } = PATIENCE,
  userAgent = "wharfinger",
): Upstream {
  const send = wholeRequests(registryUrl);
  const ask = (
    target: string,
    { method = "GET", headers, body }: Partial<WholeRequest>,
    milliseconds: number,
  ) =>
    send({
      ...{ target, method, milliseconds },
      headers: { ...headers, "User-Agent": userAgent },
      ...(body && { body }),
    });
  const allow = (subject: string, name: string, actions: ("pull" | "push" | "delete")[]) =>
    authorization(subject, [{ type: "repository", name, actions }]);
  const inTheNameOf = ({ clientAddress, requestId }: Errand) => ({
    "X-Forwarded-For": clientAddress,
    "X-Request-Id": requestId,
  });

  return {
    putManifest: (put) =>
      ask(
        `/v2/${put.repository}/manifests/${put.reference.tag ?? put.reference.digest}`,
        {
          method: "PUT",
          headers: {
            Authorization: allow(put.subject, put.repository, ["pull", "push"]),
            "Content-Type": put.mediaType,
            ...inTheNameOf(put),
          },
          body: put.content,
        },
        manifestMilliseconds,
      ),
    digestOfTag: async (repository, tag) => {
      const headers = { Authorization: allow("", repository, ["pull"]), Accept: ANY_MANIFEST };
      const path = `/v2/${repository}/manifests/${tag}`;
      const answer = await untilReadable(() =>
        ask(path, { method: "HEAD", headers }, probeMilliseconds),
      );
      if (answer.status === 404) return null;
      const digest = answer.headers.get("docker-content-digest") ?? "";
      if (answer.status !== 200 || !isDigest(digest))
        throw new Error(`the registry answered ${answer.status} when asked for a tag`);
      return digest;
    },
    getManifest: async (repository, digest) => {
      const headers = { Authorization: allow("", repository, ["pull"]), Accept: ANY_MANIFEST };
      const answer = await ask(
        `/v2/${repository}/manifests/${digest}`,
        { headers },
        manifestMilliseconds,
      );
      if (answer.status === 404) return null;
      if (answer.status !== 200 || digestOf(answer.body, digest) !== digest)
        throw new Error(`the registry answered ${answer.status} when asked for a manifest`);
      const mediaType = answer.headers.get("content-type") ?? "application/octet-stream";
      return readStored({ digest, mediaType, content: answer.body });
    },
    blobSize: async (repository, digest) => {
      const headers = { Authorization: allow("", repository, ["pull"]) };
      const path = `/v2/${repository}/blobs/${digest}`;
      const answer = await ask(path, { method: "HEAD", headers }, probeMilliseconds);
      if (answer.status === 404) return null;
      // A redirect to the storage: it is there, of whatever size.
      if (answer.status === 307) return 0;
      if (answer.status !== 200)
        throw new Error(`the registry answered ${answer.status} when asked for a blob`);
      return Number(answer.headers.get("content-length") ?? 0);
    },
    deleteManifest: (repository, reference, errand) =>
      ask(
        `/v2/${repository}/manifests/${reference.tag ?? reference.digest}`,
        {
          method: "DELETE",
          headers: {
            Authorization: allow(errand.subject, repository, ["delete"]),
            ...inTheNameOf(errand),
          },
        },
        manifestMilliseconds,
      ),
    listTags: (repository, query, errand) =>
      ask(
        `/v2/${repository}/tags/list${query === "" ? "" : `?${query}`}`,
        {
          headers: {
            Authorization: allow(errand.subject, repository, ["pull"]),
            ...inTheNameOf(errand),
          },
        },
        manifestMilliseconds,
      ),
    ping: async () => {
      const headers = { Authorization: authorization("", []) };
      const answer = await ask("/v2/", { headers }, probeMilliseconds);
      if (answer.status !== 200)
        throw new Error(
          answer.status === 401
            ? "the registry does not accept the gateway's tokens: check rootcertbundle, issuer and service"
            : `the registry answered ${answer.status}`,
        );
    },
  };
}

const WRITE_PAUSES_MILLISECONDS = [50, 200] as const;

/** A registry 2.8 on files answers 500 to who reads a tag at the moment at which it is written. */
async function untilReadable(look: () => Promise<WholeAnswer>): Promise<WholeAnswer> {
  for (const milliseconds of WRITE_PAUSES_MILLISECONDS) {
    const answer = await look();
    if (answer.status !== 500) return answer;
    await pause(milliseconds);
  }
  return look();
}
