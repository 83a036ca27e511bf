import { pipeline } from "node:stream/promises";
import { extract, type Extract } from "tar-stream";
import { decompressorFor, MAGIC_BYTES } from "./decompress.js";
import { OverLimit, type SearchBudget } from "./search-limits.js";

/** What a layer says of the file. */
export type LayerOutcome =
  | { readonly kind: "file"; readonly text: string }
  /** The layer takes away what lower ones have. */
  | { readonly kind: "removed" }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** The bytes of a layer could not be had to their end: another time they may. */
export class LayerCut extends Error {
  override readonly name = "LayerCut";
}

const FILE = "scm-source.json";
/**
 * OCI image-spec, "Whiteouts": of the file itself, and of everything in the root. They hide what lower layers have,
 * and never what stands in their own layer, before or after them.
 */
const WHITEOUTS: readonly string[] = [`.wh.${FILE}`, ".wh..wh..opq"];

/**
 * Reads a layer as a stream, no further than to the file; to its end where it takes lower ones' away.
 *
 * @param bytes - the layer, gzip, zstd or plain tar
 * @param budget - what the search may still cost
 * @param signal - ends it
 * @returns what it says of `scm-source.json` in its root
 * @throws OverLimit, LayerCut when the bytes end early, or the signal's reason
 */
export async function searchLayer(
  bytes: AsyncIterable<Uint8Array>,
  budget: SearchBudget,
  signal: AbortSignal,
): Promise<LayerOutcome> {
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
    return await mentionIn(entries, budget);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OverLimit || error instanceof LayerCut) throw error;
    return unreadable(error instanceof Error ? error.message : String(error));
  } finally {
    done.abort();
    entries.destroy();
    await feeding;
  }
}

async function mentionIn(entries: Extract, budget: SearchBudget): Promise<LayerOutcome> {
  let isHidden = false;
  for await (const entry of entries) {
    budget.spend("entries", 1);
    const { name, type, size } = entry.header;
    const path = name.replace(/^(?:\.?\/)+/, "");
    if (WHITEOUTS.includes(path)) isHidden = true;
    if (path === FILE) {
      if (type !== "file" && type !== "contiguous-file") return unreadable(`${FILE} is a ${type}`);
      if (size > budget.limits.fileBytes)
        return unreadable(`${FILE} is larger than ${budget.limits.fileBytes} bytes`);
      return { kind: "file", text: await textOf(entry as AsyncIterable<Uint8Array>) };
    }
    entry.resume();
  }
  return { kind: isHidden ? "removed" : "absent" };
}

async function textOf(entry: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
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

function unreadable(reason: string): LayerOutcome {
  return { kind: "unreadable", reason };
}
