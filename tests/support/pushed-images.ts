import { digestOf, type RegistryClient } from "./registry-client.js";
import { gzipLayer, type LayerEntry } from "./tar-layers.js";

/** Types of what is pushed. */
export const TYPES = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  empty: "application/vnd.oci.empty.v1+json",
} as const;

/** What a manifest or an index says of each of its parts. */
export interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Which image of an index one is. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** Pushes whole images, in the name of a client. */
export interface ImagePusher {
  readonly blob: (
    repository: string,
    mediaType: string,
    content: string | Buffer,
  ) => Promise<Described>;
  /** What is said in `more` stands in the manifest as it is. */
  readonly manifest: (
    repository: string,
    parts: { readonly config: Described; readonly layers: readonly Described[] },
    more?: object,
    tag?: string,
  ) => Promise<Described>;
  /** @param layers - texts are pushed as they are, entries as a layer of them */
  readonly image: (
    repository: string,
    config: object,
    layers: readonly (string | readonly LayerEntry[])[],
    tag?: string,
  ) => Promise<Described>;
  readonly index: (
    repository: string,
    manifests: readonly (Described & { readonly platform: Platform })[],
    tag?: string,
  ) => Promise<Described>;
  /** What refers to a manifest, as OCI 1.1 has it; empty but for its annotations. */
  readonly referrer: (
    repository: string,
    subject: Described,
    artifactType: string,
    annotations?: object,
  ) => Promise<Described>;
}

/**
 * @param client - in whose name
 * @returns what pushes
 */
export function imagePusher(client: RegistryClient): ImagePusher {
  const blob: ImagePusher["blob"] = async (repository, mediaType, content) => ({
    mediaType,
    digest: await client.pushBlob(repository, content),
    size: Buffer.byteLength(content),
  });
  const put = async (repository: string, manifest: { mediaType: string }, tag?: string) => {
    const body = JSON.stringify({ schemaVersion: 2, ...manifest });
    await client.pushManifest(repository, manifest, tag);
    const { mediaType } = manifest;
    return { mediaType, digest: digestOf(body), size: Buffer.byteLength(body) };
  };
  const manifest: ImagePusher["manifest"] = (repository, parts, more = {}, tag) =>
    put(repository, { mediaType: TYPES.manifest, ...parts, ...more }, tag);
  return {
    ...{ blob, manifest },
    image: async (repository, config, layers, tag) => {
      const pushLayer = async (layer: string | readonly LayerEntry[]) =>
        blob(repository, TYPES.layer, typeof layer === "string" ? layer : await gzipLayer(layer));
      const [described, ...rest] = await Promise.all([
        blob(repository, TYPES.config, JSON.stringify(config)),
        ...layers.map(pushLayer),
      ]);
      return manifest(repository, { config: described, layers: rest }, {}, tag);
    },
    index: (repository, manifests, tag) =>
      put(repository, { ...{ mediaType: TYPES.index }, ...{ manifests } }, tag),
    referrer: async (repository, subject, artifactType, annotations = {}) => {
      const config = await blob(repository, TYPES.empty, "{}");
      const more = { artifactType, annotations, subject };
      return manifest(repository, { config, layers: [config] }, more);
    },
  };
}
