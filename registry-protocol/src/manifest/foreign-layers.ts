import { JsonProblem } from "../json/json-value.js";
import type { Descriptor, ImageManifest } from "./manifest.js";

const DOCKER_FOREIGN = /^application\/vnd\.docker\.image\.rootfs\.foreign\.diff\.tar(?:\.gzip)?$/;
const NON_DISTRIBUTABLE =
  /^application\/vnd\.oci\.image\.layer\.nondistributable\.v1\.tar(?:\+gzip|\+zstd)?$/;

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

/**
 * @param layer - a layer
 * @param where - where it stands, for problems
 * @param mediaType - the manifest's
 * @throws JsonProblem when it has URLs and is no foreign layer, or is one without
 */
export function refuseFalseUrls(
  layer: Descriptor,
  where: string,
  mediaType: ImageManifest["mediaType"],
): void {
  const isForeign = DOCKER_FOREIGN.test(layer.mediaType);
  if (!isForeign && !NON_DISTRIBUTABLE.test(layer.mediaType)) {
    refuseUrls(layer, where);
    return;
  }
  // The registry answers 500 to these, which looks like an outage.
  if (isForeign && mediaType.includes(".docker.") && layer.urls.length === 0)
    throw new JsonProblem(`${where} is a foreign layer without urls`);
  if (!layer.urls.every(isWebAddress))
    throw new JsonProblem(`${where} has a url that is no http or https address without fragment`);
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^#\s]+$/.test(text) && URL.canParse(text);
}
