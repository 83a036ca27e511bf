import { z } from "zod";

const annotationsSchema = z.record(z.string(), z.string());
const platformSchema = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
});
const descriptorSchema = z.looseObject({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number(),
  artifactType: z.string().optional(),
  platform: platformSchema.optional(),
  annotations: annotationsSchema.optional(),
});
const manifestSchema = z.looseObject({
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptorSchema.optional(),
  layers: z.array(descriptorSchema).optional(),
  manifests: z.array(descriptorSchema).optional(),
  subject: descriptorSchema.optional(),
  annotations: annotationsSchema.optional(),
});

/** What a manifest says of a blob or of another manifest. */
export type Descriptor = z.output<typeof descriptorSchema>;
/** An image's or artifact's manifest, or an index. */
export type Manifest = z.output<typeof manifestSchema>;

/** Media types that a manifest is asked for in, newest first. */
export const MANIFEST_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/**
 * @param value - parsed JSON
 * @returns the manifest
 * @throws when it is none
 */
export function readManifest(value: unknown): Manifest {
  return manifestSchema.parse(value);
}

/**
 * @param descriptor - an entry of an index
 * @returns `linux/arm64/v8`; `null` where it has no platform, or none to speak of, as attestations
 */
export function platformOf({ platform }: Descriptor): string | null {
  if (platform === undefined || platform.os === "unknown") return null;
  const { os, architecture, variant } = platform;
  return [os, architecture, variant].filter((part) => part !== undefined && part !== "").join("/");
}

/**
 * @param manifest - an image's
 * @returns bytes of its configuration and layers, as they are stored
 */
export function sizeOf({ config, layers, ...others }: Manifest): number {
  const blobs = Array.isArray(others["blobs"]) ? (others["blobs"] as Descriptor[]) : [];
  return [...(config === undefined ? [] : [config]), ...(layers ?? blobs)].reduce(
    (sum, { size }) => sum + size,
    0,
  );
}
