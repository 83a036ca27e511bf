import { JsonProblem } from "../json/json-value.js";
import type { Work } from "../json/read-json.js";
import type { Descriptor, ImageManifest } from "./manifest.js";

/**
 * Layers that may be had from elsewhere, by the manifests in which the registry looks at their URLs
 * (`validation.manifests.urls`). In others, and with other compressions, it takes any URLs and looks for nothing.
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
 * The registry does not look for a part that has URLs. That is meant for layers whose licence wants them to be
 * had from elsewhere; with any other part it makes an image that nobody can pull.
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
 * @throws JsonProblem when it has URLs and is no foreign layer, or is one without
 */
export function* refuseFalseUrls(
  layer: Descriptor,
  where: string,
  mediaType: ImageManifest["mediaType"],
): Work<void> {
  if (!FOREIGN[mediaType].includes(layer.mediaType)) {
    refuseUrls(layer, where);
    return;
  }
  // The registry answers 500 to these, which looks like an outage.
  if (mediaType.includes(".docker.") && layer.urls.length === 0)
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
