import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";

/** Reads blobs. */
export interface BlobReader {
  /** @returns a blob as a stream, `null` when there is none. @throws when that cannot be told */
  blob(
    repository: RepositoryName,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | null>;
}

/**
 * @param reader - of the registry
 * @param address - where the blob is
 * @param most - how many bytes are wanted at most
 * @param signal - ends it early
 * @returns all of it, or `null` when there is none, when it is more than that, or not what its digest says
 * @throws whatever the reader throws
 */
export async function readSmallBlob(
  reader: BlobReader,
  { repository, digest }: { readonly repository: RepositoryName; readonly digest: Digest },
  most: number,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const stream = await reader.blob(repository, digest, signal);
  const content = stream === null ? null : await readSmall(stream, most);
  return content !== null && digestOf(content, digest) === digest ? content : null;
}

/**
 * @param stream - bytes of a blob
 * @param most - how many are wanted at most
 * @returns all of it, or `null` when it is more than that
 */
async function readSmall(stream: AsyncIterable<Uint8Array>, most: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
