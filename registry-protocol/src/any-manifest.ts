/** `Accept` for any manifest as it was pushed; without it the registry converts or hides newer kinds. */
export const ANY_MANIFEST = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "*/*",
].join(", ");
