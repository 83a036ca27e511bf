/** OCI image-spec, "Image Index". */
export const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

/**
 * @param manifests - descriptors
 * @returns an index of them that nobody pushed: an answer in the form of one
 */
export function indexOf(manifests: readonly object[]): object {
  return { schemaVersion: 2, mediaType: INDEX_TYPE, manifests };
}
