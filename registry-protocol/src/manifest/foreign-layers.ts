import { JsonProblem } from "../json/json-value.js";
import type { Work } from "../json/read-json.js";
import type { Digest } from "../digest.js";
import type { Descriptor, ImageManifest, Manifest } from "./manifest.js";

/**
 * Layers that may be had from elsewhere alone, by the manifests in which both lines of registries take them for that and
 * look at their URLs (`validation.manifests.urls`). With any other part that has URLs a registry 2.8 looks for nothing.
 */
const FOREIGN: Readonly<Record<ImageManifest["mediaType"], readonly string[]>> = {
  "application/vnd.docker.distribution.manifest.v2+json": [
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  ],
  "application/vnd.oci.image.manifest.v1+json": [
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  ],
};

/**
 * Nobody needs a part other than a layer from elsewhere, and registries do not look for one that has URLs.
 *
 * @param part - config, layer, child or subject
 * @param where - where it stands, for problems
 * @throws JsonProblem when it has URLs
 */
export function refuseUrls({ urls }: Descriptor, where: string): void {
  if (urls.length > 0) throw new JsonProblem(`${where} may have no urls: it has to be pushed`);
}

/** No browser or server takes longer ones for granted. */
const MOST_URL_CHARACTERS = 4_096;
/** URLs looked at in one step: names in other scripts take long. */
const URLS_A_STEP = 16;

/**
 * @param layer - a layer
 * @param where - where it stands, for problems
 * @param mediaType - the manifest's
 * @returns steps
 * @throws JsonProblem when its URLs are no web addresses, or it is a foreign layer without any
 */
export function* refuseFalseUrls(
  layer: Descriptor,
  where: string,
  mediaType: ImageManifest["mediaType"],
): Work<void> {
  const isForeign = FOREIGN[mediaType].includes(layer.mediaType);
  // The registry answers 500 to these, which looks like an outage.
  if (isForeign && mediaType.includes(".docker.") && layer.urls.length === 0)
    throw new JsonProblem(`${where} is a foreign layer without urls`);
  for (const [i, url] of layer.urls.entries()) {
    if (i % URLS_A_STEP === 0) yield undefined;
    if (url.length > MOST_URL_CHARACTERS)
      throw new JsonProblem(`${where} has a url of more than ${MOST_URL_CHARACTERS} characters`);
    if (!isWebAddress(url))
      throw new JsonProblem(`${where} has a url that is no http or https address without fragment`);
  }
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^#\s]+$/.test(text) && URL.canParse(text);
}

/** A layer, and where it stands in its manifest. */
export interface PlacedLayer {
  readonly digest: Digest;
  readonly where: string;
}

/**
 * With any part that has URLs but a foreign layer, a registry 2.8 looks for nothing: it would make an image that nobody
 * can pull.
 *
 * @param manifest - a manifest
 * @returns the layers with URLs that have to be there all the same, each digest once
 */
export function layersToLookFor(manifest: Manifest): readonly PlacedLayer[] {
  if (manifest.kind !== "image") return [];
  const found = new Map<Digest, PlacedLayer>();
  for (const [i, layer] of manifest.layers.entries())
    if (layer.urls.length > 0 && !mayBeElsewhere(layer, manifest.mediaType))
      found.set(layer.digest, { digest: layer.digest, where: `layers[${i}]` });
  return [...found.values()];
}

/**
 * @param layer - a layer
 * @param manifestType - media type of its manifest
 * @returns whether it is of a kind that may be had from elsewhere alone, and says where
 */
export function mayBeElsewhere(
  { mediaType, urls }: Descriptor,
  manifestType: ImageManifest["mediaType"],
): boolean {
  return urls.length > 0 && FOREIGN[manifestType].includes(mediaType);
}
