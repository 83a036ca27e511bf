import { Readable } from "node:stream";
import * as zlib from "node:zlib";

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/**
 * @param stream - a layer as it is stored
 * @param count - told of each piece that arrives
 * @returns its tar: gzip and zstd are known by their first bytes, whatever the media type says
 */
export async function unpacked(
  stream: ReadableStream<Uint8Array>,
  count: (bytes: number) => void,
): Promise<AsyncIterable<Uint8Array>> {
  const source = stream[Symbol.asyncIterator]();
  const first = await source.next();
  const head = first.done === true ? new Uint8Array() : first.value;
  async function* whole(): AsyncGenerator<Uint8Array> {
    count(head.length);
    yield head;
    for (;;) {
      const { done, value } = await source.next();
      if (done === true) return;
      count(value.length);
      yield value;
    }
  }
  const begins = (magic: readonly number[]) => magic.every((byte, i) => head[i] === byte);
  if (begins(GZIP)) return through(whole(), zlib.createGunzip());
  if (begins(ZSTD)) return through(whole(), zstd());
  return whole();
}

function through(
  bytes: AsyncIterable<Uint8Array>,
  decompress: NodeJS.ReadWriteStream & AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const source = Readable.from(bytes);
  source.on("error", (error) => {
    decompress.emit("error", error);
  });
  return source.pipe(decompress);
}

/** Node has it from 22.15 on; all else works on older ones, too. */
function zstd() {
  const { createZstdDecompress } = zlib as Partial<typeof zlib>;
  if (createZstdDecompress === undefined)
    throw new Error("it is zstd, which takes Node 22.15 or later");
  return createZstdDecompress();
}
