import { rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "#registry-protocol/digest.js";
import type { TestRegistry } from "#tests/support/registry.js";

/**
 * Takes a blob or manifest out of the registry's storage, as a careless cleaning or a lost disk does (distribution,
 * registry/storage/paths.go).
 *
 * @param registry - a stock registry, with files as storage
 * @param digests - of what is lost
 */
export async function lose(registry: TestRegistry, ...digests: readonly Digest[]): Promise<void> {
  for (const digest of digests) await rm(folderOf(registry, digest), { recursive: true });
}

/**
 * Leaves a blob with its first bytes alone, as a disk that was full does.
 *
 * @param registry - a stock registry, with files as storage
 * @param digest - of what is cut
 * @param bytes - how many are left
 */
export async function cutBlob(
  registry: TestRegistry,
  digest: Digest,
  bytes: number,
): Promise<void> {
  await truncate(join(folderOf(registry, digest), "data"), bytes);
}

function folderOf({ storage }: TestRegistry, digest: Digest): string {
  const hex = digest.slice("sha256:".length);
  return join(storage ?? "", "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex);
}
