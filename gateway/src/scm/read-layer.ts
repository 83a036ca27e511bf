import { pipeline } from "node:stream/promises";
import { extract, type Extract } from "tar-stream";
import { decompressorFor, MAGIC_BYTES } from "./decompress.js";
import { OverLimit, type SearchBudget } from "./search-limits.js";

/** The bytes of a layer could not be had to their end: another time they may. */
export class LayerCut extends Error {
  override readonly name = "LayerCut";
}

/** What came of reading a layer. */
export type ReadLayer<T> =
  | { readonly kind: "read"; readonly found: T }
  | { readonly kind: "unreadable"; readonly reason: string };

/**
 * Unpacks a layer as a stream, as far as its entries are asked for; nothing of it is kept.
 *
 * @param bytes - the layer, gzip, zstd or plain tar
 * @param bounds - what it may still cost, and what ends it
 * @param read - takes the entries
 * @returns what that returns; that it is none, when the bytes are no such tar
 * @throws OverLimit, LayerCut when the bytes end early, or the signal's reason
 */
export async function readLayer<T>(
  bytes: AsyncIterable<Uint8Array>,
  { budget, signal }: { readonly budget: SearchBudget; readonly signal: AbortSignal },
  read: (entries: Extract) => Promise<T>,
): Promise<ReadLayer<T>> {
  const { head, whole } = await peek(compressed(bytes, budget));
  const entries = extract();
  const done = new AbortController();
  const feeding = pipeline(
    whole,
    decompressorFor(head),
    (chunks: AsyncIterable<Uint8Array>) => feed(entries, chunks, budget),
    {
      signal: AbortSignal.any([signal, done.signal]),
    },
  ).catch((error: unknown) => {
    entries.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    return { kind: "read", found: await read(entries) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OverLimit || error instanceof LayerCut) throw error;
    return { kind: "unreadable", reason: error instanceof Error ? error.message : String(error) };
  } finally {
    done.abort();
    entries.destroy();
    await feeding;
  }
}

/** By hand: the tar library's streams are not Node's, and not all that `pipeline` expects. */
async function feed(
  entries: Extract,
  chunks: AsyncIterable<Uint8Array>,
  budget: SearchBudget,
): Promise<void> {
  for await (const chunk of chunks) {
    budget.spend("bytes", chunk.length);
    if (entries.destroyed) return;
    if (!entries.write(chunk)) await drained(entries);
  }
  entries.end(undefined);
}

function drained(entries: Extract): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      entries.off("drain", goOn);
      entries.off("close", goOn);
      resolve();
    };
    entries.on("drain", goOn);
    entries.on("close", goOn);
    if (entries.destroyed) goOn();
  });
}

async function* compressed(
  bytes: AsyncIterable<Uint8Array>,
  budget: SearchBudget,
): AsyncGenerator<Uint8Array, undefined> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((cause: unknown) => {
        throw new LayerCut("the registry did not send the whole layer", { cause });
      });
      if (next.done === true) return undefined;
      budget.spend("compressedBytes", next.value.length);
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** @returns the first bytes, and all of them */
async function peek(bytes: AsyncGenerator<Uint8Array, undefined>) {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const { value, done } = await bytes.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  async function* whole(): AsyncGenerator<Uint8Array, undefined> {
    try {
      yield head;
      yield* bytes;
    } finally {
      await bytes.return(undefined);
    }
    return undefined;
  }
  return { head, whole: whole() };
}
