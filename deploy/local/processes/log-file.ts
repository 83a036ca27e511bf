import { open, rename, stat } from "node:fs/promises";

const LARGEST_LOG = 20 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/**
 * @param file - a log file
 * @param lines - how many
 * @returns its last lines, or a remark that there is nothing
 */
export async function tailOf(file: string, lines = 20): Promise<string> {
  const handle = await open(file, "r").catch(() => null);
  if (handle === null) return "  (no output)";
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(size - start),
      0,
      size - start,
      start,
    );
    const text = buffer.subarray(0, bytesRead).toString("utf8").trimEnd();
    const tail = text.split("\n").slice(-lines);
    return text === "" ? "  (no output)" : tail.map((line) => `  ${line}`).join("\n");
  } finally {
    await handle.close();
  }
}

/**
 * Keeps the log of a stack that is started for years from filling the disk: one older file stays.
 *
 * @param file - a log file nobody writes to at the moment
 */
export async function rotate(file: string): Promise<void> {
  const size = (await stat(file).catch(() => null))?.size ?? 0;
  if (size > LARGEST_LOG) await rename(file, `${file}.1`);
}
