import { z } from "zod";
import { isDigest, type Digest } from "#registry-protocol/digest.js";

/** What of a manifest a search looks at. */
export interface ImageParts {
  readonly annotations: unknown;
  /** Of an index: its first image that is no attestation. */
  readonly firstImage: Digest | null;
  /** The image's configuration; `null` when there is none, or it is no image's. */
  readonly config: Digest | null;
  /** Layers that can be unpacked, the topmost first. */
  readonly layers: readonly { readonly digest: Digest; readonly size: number }[];
}

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value));
const child = z.object({
  digest,
  platform: z.object({ os: z.string().optional() }).optional(),
  annotations: z.record(z.string(), z.unknown()).optional(),
});
const manifestSchema = z.object({
  annotations: z.unknown().optional(),
  manifests: z.array(z.unknown()).catch([]),
  config: z.object({ digest, mediaType: z.string() }).nullable().catch(null),
  layers: z.array(z.unknown()).catch([]),
});
const layer = z.object({ digest, mediaType: z.string(), size: z.number().nonnegative() });

const CONFIG_TYPES: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];
/** Of OCI and Docker images; not those that registries do not have themselves. */
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer\.v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(?:\.gzip|\.zstd)?)$/;

/**
 * @param content - bytes of a manifest or index
 * @returns what of it may say or hold the source; `null` when it is of a kind that cannot be read
 */
export function imageParts(content: Uint8Array): ImageParts | null {
  const manifest = manifestSchema.safeParse(parseJson(content)).data;
  if (manifest === undefined) return null;
  const { annotations, manifests, config, layers } = manifest;
  const isImage = config !== null && CONFIG_TYPES.includes(config.mediaType);
  return {
    annotations,
    firstImage:
      manifests.map((one) => child.safeParse(one).data).find(isPlatformImage)?.digest ?? null,
    config: isImage ? config.digest : null,
    layers: isImage ? layers.flatMap(unpackable).reverse() : [],
  };
}

/**
 * @param content - bytes of an image's configuration (OCI image-spec, "Image Configuration")
 * @returns its labels, of whatever form
 */
export function labelsOf(content: Uint8Array): unknown {
  const labels = z.object({ config: z.object({ Labels: z.unknown() }) });
  return labels.safeParse(parseJson(content)).data?.config.Labels;
}

function isPlatformImage(entry: z.infer<typeof child> | undefined): boolean {
  return (
    entry !== undefined &&
    entry.annotations?.["vnd.docker.reference.type"] === undefined &&
    entry.platform?.os !== "unknown"
  );
}

function unpackable(entry: unknown): { digest: Digest; size: number }[] {
  const found = layer.safeParse(entry).data;
  return found !== undefined && LAYER_TYPE.test(found.mediaType) ? [found] : [];
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString("utf8"));
  } catch {
    return null;
  }
}
