import {
  answerTime,
  clockReading,
  steadyNow,
  timeInHeaders,
  type ClockReading,
} from "#service-kit/clocks/clock-reading.js";
import { algorithmOf, digestOf, type Digest } from "#registry-protocol/digest.js";
import { Hindrance } from "#registry-protocol/faults.js";
import type { Reference } from "#registry-protocol/request.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Access } from "#registry-protocol/scope.js";
import { askAgain } from "./ask-again.js";
import { foundBy } from "./made-request.js";
import { putAgain } from "./put-again.js";
import { refusedForTime } from "./refused-us.js";
import { registryReads, type RegistryReads } from "./registry-reads.js";
import type { UpstreamAuthorization } from "./upstream-token.js";
import { requestAtHand } from "#service-kit/request-at-hand.js";
import { beginUpload, uploadBlob, type AskInOwnName, type BegunUpload } from "./upload-blob.js";
import { watchedRequests, type WholeAnswer, type WholeRequest } from "./whole-request.js";

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
export interface Upstream extends RegistryReads {
  /**
   * By a digest of another algorithm, it is stored by its sha256, and as a blob under that name: stock registries know
   * manifests by no other, but let an index name a blob.
   *
   * @returns the registry's verdict; what passes by itself was asked again ({@link putAgain})
   * @throws when there is none in time, so that nobody knows what came of it
   */
  putManifest(put: ManifestPut): Promise<WholeAnswer>;
  /** @returns the registry's answer. @throws when there is none in time, so that nobody knows what came of it */
  deleteManifest(
    repository: RepositoryName,
    reference: Reference,
    errand: Errand,
  ): Promise<WholeAnswer>;
  /** Has the registry store a blob of the gateway's own. @throws when it does not, or when nobody knows */
  uploadBlob(repository: RepositoryName, content: Buffer): Promise<void>;
  /** Begins an upload in a client's name. @throws when the registry begins none, or does not answer */
  beginUpload(repository: RepositoryName, errand: Errand): Promise<BegunUpload>;
  /** @returns one page of tags, asked for with a query that the gateway wrote. @throws when there is no answer in time */
  listTags(repository: RepositoryName, query: string, errand: Errand): Promise<WholeAnswer>;
  /** @returns one page of the catalog, likewise. @throws when there is no answer in time */
  listRepositories(query: string, errand: Errand): Promise<WholeAnswer>;
  /** @returns how many kept connections have been closed so far: the registry may have been started again */
  readonly closedConnections: () => number;
  /** @returns what the registry's clock says; `null` when it does not say. @throws when there is no answer in time */
  clock(): Promise<ClockReading | null>;
  /** @throws when the registry does not answer or does not accept the gateway's tokens */
  ping(): Promise<void>;
}

/**
 * Both lines look, when the manifest has gone, through all tags for those that mean it, and fail at the link of one that is
 * being written. What has gone by then is gone.
 */
async function removeAgain(remove: () => Promise<WholeAnswer>): Promise<WholeAnswer> {
  let times = 0;
  const answer = await askAgain(
    () => {
      times += 1;
      return remove();
    },
    ({ status }) => status === 500,
  );
  return times > 1 && answer.status === 404 ? { ...answer, status: 202 } : answer;
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

function isInSha256(digest: Digest): boolean {
  return algorithmOf(digest) === "sha256";
}

function inSha256(digest: Digest, content: Buffer): Digest {
  return isInSha256(digest) ? digest : digestOf(content);
}

const CATALOG: Access = { type: "registry", name: "catalog", actions: ["*"] };
const BASE = { method: "HEAD", target: "/v2/", headers: {} } as const;

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
  const { ask: send, closed } = watchedRequests(registryUrl);
  const ask = async (
    target: string,
    { method = "GET", headers, body }: Partial<WholeRequest>,
    milliseconds: number,
  ) => {
    const answer = await send({
      ...{ target, method, milliseconds },
      headers: {
        // What is asked because of a request is found by its id, too.
        ...foundBy(requestAtHand()?.requestId ?? null),
        ...headers,
        "User-Agent": userAgent,
      },
      ...(body && { body }),
    });
    // Whatever was asked: with clocks that differ it says no, and nothing of what was asked.
    const hindrance =
      answer.status === 401 ? refusedForTime("the registry", answerTime(answer.headers)) : null;
    if (hindrance !== null) throw hindrance;
    return answer;
  };
  const allow = (subject: string, name: string, actions: ("pull" | "push" | "delete")[]) =>
    authorization(subject, [{ type: "repository", name, actions }]);
  const inTheNameOf = ({ clientAddress, requestId }: Errand) => ({
    "X-Forwarded-For": clientAddress,
    ...foundBy(requestId),
  });

  const reads = registryReads((repository, path, { method, headers }) =>
    ask(
      `/v2/${repository}/${path}`,
      { method, headers: { ...headers, Authorization: allow("", repository, ["pull"]) } },
      method === "HEAD" ? probeMilliseconds : manifestMilliseconds,
    ),
  );
  const askToPush =
    (subject: string, repository: RepositoryName, more: Record<string, string>): AskInOwnName =>
    (target, { headers, ...request }) => {
      const Authorization = allow(subject, repository, ["pull", "push"]);
      const all = { ...headers, ...more, Authorization };
      return ask(target, { ...request, headers: all }, manifestMilliseconds);
    };
  const putOnce = (put: ManifestPut) =>
    ask(
      `/v2/${put.repository}/manifests/${put.reference.tag ?? inSha256(put.reference.digest, put.content)}`,
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
    );
  const storeBlob = (repository: RepositoryName, content: Buffer, digest: Digest) =>
    uploadBlob(askToPush("", repository, {}), registryUrl, { repository, content, digest });
  return {
    ...reads,
    putManifest: async (put) => {
      const answer = await putAgain(() => putOnce(put), reads, put.repository);
      const { repository, content, reference } = put;
      if (answer.status < 300 && reference.digest !== undefined && !isInSha256(reference.digest))
        await storeBlob(repository, content, reference.digest);
      return answer;
    },
    deleteManifest: (repository, reference, errand) =>
      removeAgain(() =>
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
      ),
    uploadBlob: (repository, content) => storeBlob(repository, content, digestOf(content)),
    beginUpload: (repository, errand) =>
      beginUpload(askToPush(errand.subject, repository, inTheNameOf(errand)), repository),
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
    listRepositories: (query, errand) =>
      ask(
        `/v2/_catalog?${query}`,
        {
          headers: {
            Authorization: authorization(errand.subject, [CATALOG]),
            ...inTheNameOf(errand),
          },
        },
        manifestMilliseconds,
      ),
    closedConnections: closed,
    clock: async () => {
      const asked = steadyNow();
      // Without a token the registry would warn each time; also a refusal says what time it is.
      const { headers } = await send({
        ...{ ...BASE, milliseconds: probeMilliseconds },
        headers: { Authorization: authorization("", []), "User-Agent": userAgent },
      });
      const told = timeInHeaders(answerTime(headers));
      return told === null ? null : clockReading(told, asked, steadyNow());
    },
    ping: async () => {
      const headers = { Authorization: authorization("", []) };
      const answer = await ask("/v2/", { headers }, probeMilliseconds);
      if (answer.status !== 200)
        throw new Hindrance(
          answer.status === 401
            ? "the registry does not accept the gateway's tokens: check rootcertbundle, issuer and service"
            : `the registry answered ${answer.status}`,
        );
    },
  };
}
