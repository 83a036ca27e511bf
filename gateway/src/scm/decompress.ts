import { PassThrough, type Duplex } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** As many bytes tell how a layer is compressed. */
export const MAGIC_BYTES = ZSTD.length;

/**
 * By the bytes, since media types are the client's word.
 *
 * @param head - the first bytes of a layer
 * @returns what decompresses it
 */
export function decompressorFor(head: Buffer): Duplex {
  if (head.subarray(0, GZIP.length).equals(GZIP)) return createGunzip();
  if (head.subarray(0, ZSTD.length).equals(ZSTD)) return createZstdDecompress();
  return new PassThrough();
}
