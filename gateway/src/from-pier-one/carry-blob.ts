import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { StoredFiles } from "../stored-files/stored-files.js";
import type { BlobStore, StoredBlob } from "../upstream/blob-store.js";
import { NotCarried } from "./served-manifest.js";

/** What carrying blobs needs. */
export interface CarryDeps {
  /** Files that are called by their digests. */
  readonly files: Pick<StoredFiles, "open">;
  readonly store: BlobStore;
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
 * brought to another repository before is mounted from there. No more bytes are held than are on their way.
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
    const from = homes.get(digest);
    const place = await deps.store.begin({ repository, digest, from }, signal);
    if (place === null) deps.counted("mounted", 0);
    else await upload(deps, { repository, digest, place }, signal);
    homes.set(digest, repository);
  };
  return async (repository, digest, signal) => {
    // The same one for two tags at once is read for one of them.
    while (underWay.has(digest)) await underWay.get(digest);
    const carrying = carry(repository, digest, signal);
    const settled = carrying.catch((error: unknown) => {
      if (error instanceof NotCarried) useless.set(digest, error);
    });
    underWay.set(digest, settled);
    try {
      await carrying;
    } finally {
      underWay.delete(digest);
    }
  };
}

/** What became of a blob's bytes so far. */
interface Read {
  bytes: number;
  fault: Error | null;
}

async function upload(
  { files, store, pace, counted }: CarryDeps,
  blob: StoredBlob & { readonly place: string },
  signal: AbortSignal,
): Promise<void> {
  const { digest } = blob;
  const file = await files.open(digest, signal);
  if (file === null) throw new NotCarried(`its blob ${digest} is not in the storage`);
  const read: Read = { bytes: 0, fault: null };
  try {
    await store.send(blob, checked(file.body, digest, read, pace), signal);
  } catch (error) {
    signal.throwIfAborted();
    // What was wrong with the bytes says more than that the request was broken off.
    if (read.fault !== null) throw read.fault;
    throw error;
  } finally {
    file.body.destroy();
  }
  counted("carried", read.bytes);
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
