import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Descriptor, StandingManifest } from "#registry-protocol/manifest/manifest.js";
import { isPlatformImage } from "#registry-protocol/manifest/platform-images.js";

/** An image, and under which digest. */
export interface ChosenImage {
  readonly digest: Digest;
  readonly platform: string | null;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Most images are made for it. */
export const USUAL_PLATFORM = "linux/amd64";
const MOST_NAMED = 20;

/**
 * @param digest - of an image, or an index
 * @param platform - which image of an index, `linux/arm64`; `null`: that for `linux/amd64`, else the only one
 * @param read - reads a manifest of the same repository; `null`: there is none
 * @returns the image
 * @throws Fault MANIFEST_UNKNOWN when there is none, REQUEST_INVALID when it is no image, or an index has none for that platform
 */
export async function imageOf(
  digest: Digest,
  platform: string | null,
  read: (digest: Digest) => Promise<StandingManifest | null>,
): Promise<ChosenImage> {
  const manifest = await read(digest);
  if (manifest === null) throw new Fault("MANIFEST_UNKNOWN");
  if (manifest.kind === "image") return { digest, platform: null, ...manifest };
  if (manifest.kind === "unclear")
    throw invalid("not everybody reads this manifest in the same way");
  const child = childFor(manifest.manifests.filter(isPlatformImage), platform);
  const image = await read(child.digest);
  if (image === null) throw new Fault("MANIFEST_UNKNOWN");
  if (image.kind !== "image") throw invalid("the index has no image there");
  return {
    digest: child.digest,
    platform: nameOf(child),
    config: image.config,
    layers: image.layers,
  };
}

function childFor(images: readonly Descriptor[], platform: string | null): Descriptor {
  const wanted = images.find((child) => nameOf(child) === (platform ?? USUAL_PLATFORM));
  const [only] = images.length === 1 && platform === null ? images : [];
  const child = wanted ?? only;
  if (child !== undefined) return child;
  const known = images.slice(0, MOST_NAMED).map(nameOf).join(", ");
  throw invalid(
    known === ""
      ? "the index has no image"
      : `platform: the index has no image for ${platform ?? USUAL_PLATFORM}, but for ${known}`,
  );
}

function nameOf({ platform }: Descriptor): string {
  return `${platform?.os ?? "?"}/${platform?.architecture ?? "?"}`;
}

function invalid(message: string): Fault {
  return new Fault("REQUEST_INVALID", { message });
}
