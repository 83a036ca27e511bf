/**
 * @param stream - bytes of a blob
 * @param most - how many are wanted at most
 * @returns all of it, or `null` when it is more than that
 */
export async function readSmall(
  stream: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
