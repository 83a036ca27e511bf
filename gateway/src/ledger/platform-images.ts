import { z } from "zod";

const platform = z.object({ os: z.string().optional(), architecture: z.string().optional() });
const indexSchema = z.object({
  manifests: z.array(
    z.object({
      digest: z.string(),
      platform: platform.optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** A manifest and its address. */
export interface AddressedManifest {
  readonly digest: string;
  readonly content: Uint8Array;
}

/**
 * A rebuild with provenance gives a new index around the very same images, and its author wonders what
 * differs.
 *
 * @param held - manifest that a tag means
 * @param offered - manifest that was to replace it
 * @returns whether both run the same images on every platform, so that only the index around them differs
 */
export function samePlatformImages(held: AddressedManifest, offered: AddressedManifest): boolean {
  const [ours, theirs] = [platformImages(held), platformImages(offered)];
  return ours.size > 0 && ours.size === theirs.size && [...ours].every((d) => theirs.has(d));
}

/** Digests of what can be run: an index's images without attestations, or the one image itself. */
function platformImages({ digest, content }: AddressedManifest): Set<string> {
  const index = indexSchema.safeParse(parseJson(content));
  if (!index.success) return new Set([digest]);
  const images = index.data.manifests.filter(
    (entry) =>
      entry.annotations?.["vnd.docker.reference.type"] === undefined &&
      entry.platform?.os !== "unknown",
  );
  return new Set(images.map((entry) => entry.digest));
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString("utf8"));
  } catch {
    return null;
  }
}
