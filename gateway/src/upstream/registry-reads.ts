import { setTimeout as pause } from "node:timers/promises";
import { ANY_MANIFEST } from "#registry-protocol/any-manifest.js";
import { digestOf, isDigest, type Digest } from "#registry-protocol/digest.js";
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
import { readStored } from "./read-stored.js";
import { readVerdict } from "./unreadable-answer.js";
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
  /** @returns size of a blob in bytes, or `null` when the registry has none. @throws when that cannot be told */
  blobSize(repository: RepositoryName, digest: Digest): Promise<number | null>;
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
  const blobSize: RegistryReads["blobSize"] = async (repository, digest) => {
    const answer = await look(repository, `blobs/${digest}`, { method: "HEAD", headers: {} });
    if (answer.status === 404) return null;
    // A redirect to the storage: it is there, of whatever size.
    if (answer.status === 307) return 0;
    if (answer.status !== 200)
      throw new Error(`the registry answered ${answer.status} when asked for a blob`);
    return Number(answer.headers.get("content-length") ?? 0);
  };
  return {
    blobSize,
    digestOfTag: async (repository, tag, supposed) => {
      const condition = supposed === undefined ? {} : { "If-None-Match": `"${supposed}"` };
      const headers = { Accept: ANY_MANIFEST, ...condition };
      // Its body tells why there is none, so it is asked for only then.
      const methods = ["HEAD", "GET"] as const;
      const answer = await untilReadable((n) =>
        look(repository, `manifests/${tag}`, { method: methods[n] ?? "GET", headers }),
      );
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

function refuseUnreadable({ status, body }: WholeAnswer): void {
  const verdict = status === 500 ? readVerdict(body) : null;
  if (verdict !== null) throw new Unreadable(verdict.reason);
}

const WRITE_PAUSES_MILLISECONDS = [50, 200] as const;

/**
 * A registry 2.8 on files answers 500 to who reads a tag at the moment at which it is written.
 *
 * @param look - looks for the first time (0) and again
 * @returns its answer, once that says something that stays so
 */
async function untilReadable(look: (time: number) => Promise<WholeAnswer>): Promise<WholeAnswer> {
  let answer = await look(0);
  for (const [i, milliseconds] of WRITE_PAUSES_MILLISECONDS.entries()) {
    if (answer.status !== 500 || readVerdict(answer.body)?.isWhole === true) return answer;
    await pause(milliseconds);
    answer = await look(i + 1);
  }
  return answer;
}
