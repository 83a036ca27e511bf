import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** An entry of a layer; without content, a folder. */
export interface LayerEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
}

/**
 * @param entries - what is in it
 * @returns an uncompressed tar of them
 */
export async function tarOf(entries: readonly LayerEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, content } of entries)
    if (content === undefined) tar.entry({ name, type: "directory" }).end(undefined);
    else tar.entry({ name }, content);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * @param entries - what is in it
 * @returns a layer as most clients push it
 */
export async function gzipLayer(entries: readonly LayerEntry[]): Promise<Buffer> {
  return gzipSync(await tarOf(entries));
}
