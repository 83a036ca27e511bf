import { ANY_MANIFEST } from "#registry-protocol/any-manifest.js";
import { algorithmOf, digestOf, isDigest, type Digest } from "#registry-protocol/digest.js";
import { JsonProblem } from "#registry-protocol/json/json-value.js";
import {
  PLAIN_SCHEMA_1,
  SIGNED_SCHEMA_1,
  signedPayload,
} from "#registry-protocol/manifest/signed-payload.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { inSlices } from "#service-kit/in-slices.js";
import { askAgain } from "./ask-again.js";
import { readStored } from "./read-stored.js";
import { readVerdict, type ReadVerdict } from "./unreadable-answer.js";
import type { WholeAnswer, WholeRequest } from "./whole-request.js";

/** What the gateway reads from the registry for itself. */
export interface RegistryReads {
  /**
   * @param supposed - a digest that it may have: whether it has can be told even of a tag that cannot be read
   * @returns the digest that a tag has at the registry, or `null` when it has none
   * @throws Unreadable when it has one that the registry cannot read; anything else when that cannot be told
   */
  digestOfTag(repository: RepositoryName, tag: string, supposed?: Digest): Promise<Digest | null>;
  /**
   * @returns a manifest, or `null` when the registry has none; a blob is none. Of Docker's schema 1: without signatures
   * @throws Unreadable when it has something that is no manifest; anything else when that cannot be told
   */
  getManifest(repository: RepositoryName, digest: Digest): Promise<StoredManifest | null>;
  /** @returns whether the registry has a manifest, or something in its place. @throws when that cannot be told */
  hasManifest(repository: RepositoryName, digest: Digest): Promise<boolean>;
  /** @returns size of a blob in bytes, or `null` when the registry has none. @throws when that cannot be told */
  blobSize(repository: RepositoryName, digest: Digest): Promise<number | null>;
  /**
   * @returns by which digest the registry has a blob that was pushed by another one; `null` when it has none, or does not say, as
   *   where it redirects to the storage
   * @throws when that cannot be told
   */
  sha256OfBlob(repository: RepositoryName, digest: Digest): Promise<Digest | null>;
}

/** Asks for something below a repository, with a token to read it. */
export type Look = (
  repository: RepositoryName,
  path: string,
  request: Pick<WholeRequest, "headers" | "method">,
) => Promise<WholeAnswer>;

/**
 * @param look - asks the registry
 * @returns what reads from it
 */
export function registryReads(look: Look): RegistryReads {
  const lookAtBlob = (repository: RepositoryName, digest: Digest) =>
    askAgain(
      () => look(repository, `blobs/${digest}`, { method: "HEAD", headers: {} }),
      ({ status }) => status === 500,
    );
  const blobSize: RegistryReads["blobSize"] = async (repository, digest) => {
    const answer = await lookAtBlob(repository, digest);
    if (answer.status === 404) return null;
    // A redirect to the storage: it is there, of whatever size.
    if (answer.status === 307) return 0;
    if (answer.status !== 200)
      throw new Error(`the registry answered ${answer.status} when asked for a blob`);
    return Number(answer.headers.get("content-length") ?? 0);
  };
  const lookAt = (repository: RepositoryName, reference: string, supposed?: Digest) => {
    const condition = supposed === undefined ? {} : { "If-None-Match": `"${supposed}"` };
    const headers = { Accept: ANY_MANIFEST, ...condition };
    // Its body tells why there is none, so it is asked for only then.
    const methods = ["HEAD", "GET"] as const;
    return untilReadable((n) =>
      look(repository, `manifests/${reference}`, { method: methods[n] ?? "GET", headers }),
    );
  };
  return {
    blobSize,
    sha256OfBlob: async (repository, digest) => {
      const { status, headers } = await lookAtBlob(repository, digest);
      const stored = headers.get("docker-content-digest") ?? "";
      return status === 200 && isDigest(stored) && algorithmOf(stored) === "sha256" ? stored : null;
    },
    hasManifest: async (repository, digest) => {
      // Asked with `If-None-Match`, both lines say that nothing has changed before they have looked.
      const answer = await lookAt(repository, digest);
      const { status } = answer;
      if (status === 404) return false;
      const isThere = status === 200 || saysUnreadable(answer) !== null;
      if (!isThere)
        throw new Error(`the registry answered ${status} when asked whether a manifest is there`);
      return true;
    },
    digestOfTag: async (repository, tag, supposed) => {
      const answer = await lookAt(repository, tag, supposed);
      if (answer.status === 304 && supposed !== undefined) return supposed;
      if (answer.status === 404) return null;
      refuseUnreadable(answer);
      const digest = answer.headers.get("docker-content-digest") ?? "";
      if (answer.status !== 200 || !isDigest(digest))
        throw new Error(`the registry answered ${answer.status} when asked for a tag`);
      return digest;
    },
    getManifest: async (repository, digest) => {
      const request = { method: "GET", headers: { Accept: ANY_MANIFEST } } as const;
      const answer = await untilReadable(() => look(repository, `manifests/${digest}`, request));
      if (answer.status === 404) return null;
      // A registry 2.8 answers 500 when asked for a blob that is no manifest.
      const isBlob = answer.status === 500 && (await blobSize(repository, digest)) !== null;
      if (isBlob && readVerdict(answer.body) !== null) return null;
      refuseUnreadable(answer);
      if (answer.status !== 200)
        throw new Error(`the registry answered ${answer.status} when asked for a manifest`);
      return manifestIn(answer, digest);
    },
  };
}

async function manifestIn(answer: WholeAnswer, digest: Digest): Promise<StoredManifest> {
  const mediaType = answer.headers.get("content-type") ?? "application/octet-stream";
  const content = answer.body;
  if (digestOf(content, digest) === digest) return readStored({ digest, mediaType, content });
  const payload = mediaType === SIGNED_SCHEMA_1 ? await payloadOf(content) : null;
  if (payload !== null && digestOf(payload, digest) === digest)
    return readStored({ digest, mediaType: PLAIN_SCHEMA_1, content: payload });
  throw new Unreadable("what it stores has another digest");
}

async function payloadOf(content: Buffer): Promise<Buffer | null> {
  return inSlices(signedPayload(content)).catch((error: unknown) => {
    if (error instanceof JsonProblem) return null;
    throw error;
  });
}

function refuseUnreadable(answer: WholeAnswer): void {
  const verdict = saysUnreadable(answer);
  if (verdict !== null) throw new Unreadable(verdict.reason);
}

function saysUnreadable({ status, body }: WholeAnswer): ReadVerdict | null {
  return status === 500 ? readVerdict(body) : null;
}

/**
 * @param look - looks for the first time (0) and again
 * @returns its answer, once that says something that stays so
 */
function untilReadable(look: (time: number) => Promise<WholeAnswer>): Promise<WholeAnswer> {
  return askAgain(
    look,
    ({ status, body }) => status === 500 && readVerdict(body)?.isWhole !== true,
  );
}
