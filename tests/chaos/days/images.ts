import { createHash } from "node:crypto";

/** A manifest of known bytes, and what it needs. */
export interface KnownManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly text: string;
  /** Configuration and layers, by their bytes. */
  readonly blobs: readonly string[];
  /** Of an index. */
  readonly children: readonly KnownManifest[];
}

/** A push of known content. */
export interface KnownImage extends KnownManifest {
  readonly repository: string;
  readonly tag: string;
}

const IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar";
/** What readers accept. */
export const ACCEPTED = `${INDEX_TYPE}, ${IMAGE_TYPE}`;
const LAYER_LINES = 40;

/**
 * @param repository - where to
 * @param tag - under which name
 * @param content - by which it differs from all others
 * @returns an image with a configuration and two layers
 */
export function knownImage(repository: string, tag: string, content: string): KnownImage {
  return { repository, tag, ...imageOf(content, "amd64") };
}

/**
 * @param repository - where to
 * @param tag - under which name
 * @param content - by which it differs from all others
 * @returns an index of two images
 */
export function knownIndex(repository: string, tag: string, content: string): KnownImage {
  const platforms = ["amd64", "arm64"];
  const children = platforms.map((architecture) =>
    imageOf(`${content} ${architecture}`, architecture),
  );
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: INDEX_TYPE,
    manifests: children.map((child, i) => ({
      ...descriptorOf(child.mediaType, child.text),
      platform: { architecture: platforms[i], os: "linux" },
    })),
  });
  const digest = digestOf(text);
  return { repository, tag, digest, mediaType: INDEX_TYPE, text, blobs: [], children };
}

/**
 * @param bytes - content
 * @returns its digest
 */
export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/**
 * @param image - a push
 * @returns its tag in words
 */
export function nameOf({ repository, tag }: Pick<KnownImage, "repository" | "tag">): string {
  return `${repository}:${tag}`;
}

function imageOf(content: string, architecture: string): KnownManifest {
  const config = JSON.stringify({ architecture, os: "linux", config: { content } });
  const layers = ["first", "second"].map((layer) =>
    Array.from({ length: LAYER_LINES }, (_, i) => `${layer} ${i} ${content}\n`).join(""),
  );
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: IMAGE_TYPE,
    config: descriptorOf(CONFIG_TYPE, config),
    layers: layers.map((layer) => descriptorOf(LAYER_TYPE, layer)),
  });
  const blobs = [config, ...layers];
  return { digest: digestOf(text), mediaType: IMAGE_TYPE, text, blobs, children: [] };
}

function descriptorOf(mediaType: string, content: string) {
  return { mediaType, size: Buffer.byteLength(content), digest: digestOf(content) };
}
