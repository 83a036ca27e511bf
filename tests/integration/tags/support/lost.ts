import { rm } from "node:fs/promises";
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
  const blobs = join(registry.storage ?? "", "docker/registry/v2/blobs/sha256");
  for (const digest of digests) {
    const hex = digest.slice("sha256:".length);
    await rm(join(blobs, hex.slice(0, 2), hex), { recursive: true });
  }
}
