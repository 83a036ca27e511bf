import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { TestRegistry } from "#tests/support/registry.js";
import { REPOSITORY } from "./manifests.js";

/**
 * Puts a manifest into the registry's storage as another registry, or an earlier release, has left it: no registry
 * would take it (distribution, registry/storage/paths.go).
 *
 * @param registry - a stock registry
 * @param content - what is stored
 * @param options - the tag that means it, and the digest under which it is stored, where that is another one
 * @returns the digest
 */
export async function plantManifest(
  registry: TestRegistry,
  content: string,
  { tag, digest = digestOf(Buffer.from(content)) }: { tag?: string; digest?: Digest } = {},
): Promise<Digest> {
  const hex = digest.slice("sha256:".length);
  const root = join(registry.storage ?? "", "docker/registry/v2");
  const manifests = join(root, "repositories", REPOSITORY, "_manifests");
  await put(join(root, "blobs/sha256", hex.slice(0, 2), hex, "data"), content);
  await put(join(manifests, "revisions/sha256", hex, "link"), digest);
  if (tag !== undefined) {
    await put(join(manifests, "tags", tag, "current/link"), digest);
    await put(join(manifests, "tags", tag, "index/sha256", hex, "link"), digest);
  }
  return digest;
}

async function put(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

/**
 * @param name - other name, other digest
 * @param layer - a blob
 * @returns an image of Docker's schema 1, as it is stored: without its signatures
 */
export function schema1(name: string, layer: Digest): string {
  const content = {
    schemaVersion: 1,
    name: REPOSITORY,
    tag: name,
    architecture: "amd64",
    fsLayers: [{ blobSum: layer }],
    history: [{ v1Compatibility: JSON.stringify({ id: name }) }],
  };
  return JSON.stringify(content, null, 3);
}

/**
 * @param layers - blobs
 * @returns a build cache as BuildKit writes it: an index whose manifests are layers
 */
export function cacheIndex(layers: readonly { digest: Digest; size: number }[]): string {
  const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: layers.map((layer) => ({ mediaType, ...layer })),
  });
}
