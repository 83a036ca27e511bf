import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Access } from "#registry-protocol/scope.js";
import type { StoredFiles } from "../stored-files/stored-files.js";
import { closingTarget } from "../upstream/upload-blob.js";
import type { UpstreamAuthorization } from "../upstream/upstream-token.js";
import { NotCarried } from "./served-manifest.js";

/** What carrying blobs needs. */
export interface CarryDeps {
  /** Files that are called by their digests. */
  readonly files: Pick<StoredFiles, "open">;
  readonly registry: {
    readonly url: string;
    readonly authorization: UpstreamAuthorization;
    readonly userAgent: string;
  };
  /** @returns once so many more bytes may be read */
  readonly pace: (bytes: number) => Promise<void>;
  /** Told of what was done. */
  readonly counted: (what: "carried" | "mounted", bytes: number) => void;
}

/** Brings a blob into a repository that lacks it. @throws NotCarried when there is none such, whatever the registry says */
export type CarryBlob = (
  repository: RepositoryName,
  digest: Digest,
  signal: AbortSignal,
) => Promise<void>;

/** Repositories that are remembered to have a blob, and blobs that are remembered to be no good. */
const REMEMBERED = 100_000;

/**
 * Blobs are read once and go through the registry, which takes none whose bytes have another digest. One that this command has
 * brought to another repository before is mounted from there. As many bytes are held as the registry is slower than the storage.
 *
 * @param deps - storage and registry
 * @returns what carries them
 */
export function carrier(deps: CarryDeps): CarryBlob {
  const homes = new LRUCache<Digest, RepositoryName>({ max: REMEMBERED });
  const useless = new LRUCache<Digest, NotCarried>({ max: REMEMBERED });
  const underWay = new Map<Digest, Promise<void>>();
  const carry: CarryBlob = async (repository, digest, signal) => {
    const known = useless.get(digest);
    if (known !== undefined) throw known;
    const place = await begin(
      deps.registry,
      { repository, digest, from: homes.get(digest) },
      signal,
    );
    if (place === null) deps.counted("mounted", 0);
    else await upload(deps, { repository, digest, place }, signal);
    homes.set(digest, repository);
  };
  return async (repository, digest, signal) => {
    // The same one for two tags at once is read for one of them.
    while (underWay.has(digest)) await underWay.get(digest);
    const carrying = carry(repository, digest, signal);
    const settled = carrying.then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof NotCarried) useless.set(digest, error);
      },
    );
    underWay.set(digest, settled);
    try {
      await carrying;
    } finally {
      underWay.delete(digest);
    }
  };
}

/** @returns where its bytes are to be sent; `null`: it was mounted */
async function begin(
  registry: CarryDeps["registry"],
  { repository, digest, from }: { repository: RepositoryName; digest: Digest; from: RepositoryName | undefined }, // prettier-ignore
  signal: AbortSignal,
): Promise<string | null> {
  const mount = from === undefined ? "" : `?mount=${digest}&from=${from}`;
  const answer = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/${mount}`, {
    method: "POST",
    headers: headersFor(registry, repository, from),
    redirect: "manual",
    signal,
  });
  await answer.body?.cancel();
  const location = answer.headers.get("location");
  if (answer.status === 201) return null;
  if (answer.status !== 202 || location === null)
    throw new Error(`the registry answered ${answer.status} when a blob was to be uploaded`);
  return closingTarget(location, registry.url, digest);
}

function headersFor(
  { authorization, userAgent }: CarryDeps["registry"],
  repository: RepositoryName,
  from?: RepositoryName,
) {
  const access: Access[] = [{ type: "repository", name: repository, actions: ["pull", "push"] }];
  if (from !== undefined) access.push({ type: "repository", name: from, actions: ["pull"] });
  return { Authorization: authorization("", access), "User-Agent": userAgent };
}

/** What became of a blob's bytes so far. */
interface Read {
  bytes: number;
  fault: Error | null;
}

async function upload(
  deps: CarryDeps,
  { repository, digest, place }: { repository: RepositoryName; digest: Digest; place: string },
  signal: AbortSignal,
): Promise<void> {
  const file = await deps.files.open(digest, signal);
  if (file === null) throw new NotCarried(`its blob ${digest} is not in the storage`);
  const read: Read = { bytes: 0, fault: null };
  const body = ReadableStream.from(checked(file.body, digest, read, deps.pace));
  const answer = await fetch(`${deps.registry.url}${place}`, {
    method: "PUT",
    headers: {
      ...headersFor(deps.registry, repository),
      "Content-Type": "application/octet-stream",
    },
    redirect: "manual",
    signal,
    body,
    duplex: "half",
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    // What was wrong with the bytes says more than that the request was broken off.
    if (read.fault !== null) throw read.fault;
    throw error;
  });
  await answer.body?.cancel();
  if (read.fault !== null) throw read.fault;
  if (answer.status !== 201)
    throw new Error(`the registry answered ${answer.status} to the blob ${digest}`);
  deps.counted("carried", read.bytes);
}

/** Ends with an error where the bytes are wrong, before the registry has heard of their end. */
async function* checked(
  bytes: AsyncIterable<Buffer>,
  digest: Digest,
  read: Read,
  pace: (bytes: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of bytes) {
      await pace(chunk.length);
      hash.update(chunk);
      read.bytes += chunk.length;
      yield chunk;
    }
    const found = `sha256:${hash.digest("hex")}`;
    if (found !== digest)
      throw new NotCarried(
        `its blob ${digest} is damaged: the storage has ${read.bytes} bytes with ${found}`,
      );
  } catch (error) {
    read.fault = error instanceof Error ? error : new Error(String(error));
    throw error;
  }
}
