import { digestOf, type Digest } from "#registry-protocol/digest.js";

/** A manifest as it is pushed. */
export interface TestManifest {
  readonly text: string;
  readonly digest: Digest;
  readonly mediaType: string;
}

/** Every image has the same configuration, which is uploaded once. */
export const CONFIG = "{}";

/** The repository that tests use. */
export const REPOSITORY = "alpha/app";

export const IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json";
export const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
const EMPTY = "application/vnd.oci.empty.v1+json";

/**
 * @param name - other name, other digest
 * @param more - what else it says
 * @returns an image without layers of its own
 */
export function image(
  name: string,
  more: { subject?: TestManifest; layers?: readonly object[]; annotations?: object } = {},
): TestManifest {
  const { subject, layers = [], annotations = {} } = more;
  return manifestOf(IMAGE_TYPE, {
    config: configDescriptor(EMPTY),
    layers,
    annotations: { name, ...annotations },
    ...(subject === undefined ? {} : { subject: descriptorOf(subject) }),
  });
}

/**
 * @param name - other name, other digest
 * @param children - what it holds
 * @returns an index of them
 */
export function index(name: string, ...children: readonly TestManifest[]): TestManifest {
  return manifestOf(INDEX_TYPE, { manifests: children.map(descriptorOf), annotations: { name } });
}

/**
 * @param signature - other signature, other annotations
 * @returns a layer as cosign writes it: the same payload, and the signature beside it
 */
export function signatureLayer(signature: string): object {
  const annotations = { "dev.cosignproject.cosign/signature": signature };
  return { ...configDescriptor("application/vnd.dev.cosign.simplesigning.v1+json"), annotations };
}

function configDescriptor(mediaType: string) {
  const size = Buffer.byteLength(CONFIG);
  return { mediaType, digest: digestOf(Buffer.from(CONFIG)), size };
}

function descriptorOf({ text, digest, mediaType }: TestManifest) {
  return { mediaType, digest, size: Buffer.byteLength(text) };
}

/**
 * @param mediaType - its media type
 * @param content - its other fields
 * @returns a manifest
 */
export function manifestOf(mediaType: string, content: object): TestManifest {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, ...content });
  return { text, digest: digestOf(Buffer.from(text)), mediaType };
}
