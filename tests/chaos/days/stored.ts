import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A tag as it stands in the registry's folder. */
export interface StoredTag {
  readonly name: string;
  readonly repository: string;
  readonly digest: string;
}

/**
 * @param folder - of a registry whose storage are files
 * @returns every tag that stands there, past every gateway and the registry itself
 */
export async function storedTags(folder: string): Promise<StoredTag[]> {
  const root = join(folder, "docker", "registry", "v2", "repositories");
  const tags: StoredTag[] = [];
  for (const namespace of await list(root))
    for (const image of await list(join(root, namespace))) {
      const repository = `${namespace}/${image}`;
      const at = join(root, repository, "_manifests", "tags");
      for (const tag of await list(at)) {
        const link = await readFile(join(at, tag, "current", "link"), "utf8").catch(() => "");
        if (link !== "") tags.push({ name: `${repository}:${tag}`, repository, digest: link });
      }
    }
  return tags;
}

/**
 * @param folder - of a registry whose storage are files
 * @param digest - of a blob
 * @returns the file that holds it
 */
export function blobFile(folder: string, digest: string): string {
  const hex = digest.slice("sha256:".length);
  return join(folder, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
}

async function list(folder: string): Promise<string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}
