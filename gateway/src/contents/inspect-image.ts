import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { imageParts } from "#registry-protocol/manifest/image-parts.js";
import type {
  Descriptor,
  ImageManifest,
  IndexManifest,
  Manifest,
} from "#registry-protocol/manifest/manifest.js";
import { isPlatformImage } from "#registry-protocol/manifest/platform-images.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { readSmallBlob } from "../scm/read-small.js";
import { MOST_CONFIG_BYTES, type DifferenceDeps, type Side } from "./difference.js";
import { configurationOf, historyOf } from "./image-configuration.js";
import { USUAL_PLATFORM } from "./image-of.js";
import { platformName } from "./platform-name.js";

/** BuildKit names the image that an attestation in the same index is about (its "Image attestation storage"). */
const ATTESTS = "vnd.docker.reference.digest";

/**
 * @param deps - manifests and configurations
 * @param side - a manifest, and where it is
 * @param platform - which image of an index, as in `linux/arm64`; `null`: that for `linux/amd64`, else the first one
 * @param signal - ends it early
 * @returns what a manifest says, and of the image, or one of its images, the configuration, the layers, and how they were made
 * @throws Fault MANIFEST_UNKNOWN when there is no such manifest, REQUEST_INVALID when it cannot be read, or an index has no
 *   image for the platform
 */
export async function inspectImage(
  deps: DifferenceDeps,
  side: Side,
  platform: string | null,
  signal: AbortSignal,
) {
  const { repository, digest } = side;
  const manifest = await manifestAt(deps, side);
  const child = manifest.kind === "index" ? chosenOf(manifest, platform) : null;
  const chosen = child === null ? manifest : await manifestAt(deps, { repository, ...child });
  return {
    ...{ repository, digest, mediaType: manifest.mediaType, artifactType: manifest.artifactType },
    annotations: Object.fromEntries(manifest.annotations),
    manifests: manifest.kind === "index" ? manifest.manifests.map(partOf) : [],
    image:
      chosen.kind === "image"
        ? await imageOf(deps, { repository, digest: child?.digest ?? digest }, chosen, signal)
        : null,
  };
}

async function manifestAt(deps: DifferenceDeps, { repository, digest }: Side): Promise<Manifest> {
  const manifest = await deps.manifest(repository, digest);
  if (manifest === null) throw new Fault("MANIFEST_UNKNOWN");
  if (manifest.kind === "unclear")
    throw new Fault("REQUEST_INVALID", {
      message: "not everybody reads this manifest in the same way",
    });
  return manifest;
}

function chosenOf({ manifests }: IndexManifest, platform: string | null): Descriptor | null {
  const images = manifests.filter(isPlatformImage);
  const named = (name: string) =>
    images.find((child) => (platformName(child) ?? "").split("/", 2).join("/") === name);
  if (platform === null) return named(USUAL_PLATFORM) ?? images[0] ?? null;
  const child = named(platform);
  if (child !== undefined) return child;
  throw new Fault("REQUEST_INVALID", {
    message: `platform: the index has no image for ${platform}`,
  });
}

function partOf(child: Descriptor) {
  const { digest, mediaType, size, artifactType, annotations } = child;
  const attests: string | null = annotations.get(ATTESTS) ?? null;
  return { digest, mediaType, size, artifactType, platform: platformName(child), attests };
}

async function imageOf(
  deps: DifferenceDeps,
  { repository, digest }: Side,
  manifest: ImageManifest,
  signal: AbortSignal,
) {
  const { config, layers, mediaType, artifactType, annotations } = manifest;
  const said = await configOf(deps, { repository, manifest }, signal);
  const described = ({ digest: of, mediaType: type, size }: Descriptor) => ({
    ...{ digest: of, mediaType: type, size },
  });
  return {
    ...{ digest, mediaType, artifactType, annotations: Object.fromEntries(annotations) },
    size: layers.reduce((sum, layer) => sum + layer.size, config.size),
    config: described(config),
    layers: layers.map((layer) => ({
      ...{ ...described(layer), annotations: Object.fromEntries(layer.annotations) },
    })),
    history: said === null ? [] : historyOf(said, layers.length),
    configuration: said === null ? null : configurationOf(said),
  };
}

/** `null`: it is no image's, or there is none that could be read. */
async function configOf(
  deps: DifferenceDeps,
  { repository, manifest }: { repository: Side["repository"]; manifest: ImageManifest },
  signal: AbortSignal,
): Promise<unknown> {
  const digest: Digest | null = imageParts(manifest)?.config ?? null;
  if (digest === null) return null;
  const content = await readSmallBlob(
    deps.reader,
    { repository, digest },
    MOST_CONFIG_BYTES,
    signal,
  );
  return content === null ? null : jsonOrNull(content.toString());
}
