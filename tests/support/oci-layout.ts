import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** An image on disk, as the OCI image-layout specification says. */
export interface OciLayout {
  /** Folder of the layout; the image in it has the name `image`. */
  readonly path: string;
  /** Digest of its manifest. */
  readonly digest: string;
  /** Digests of config and layers. */
  readonly blobs: readonly string[];
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";
const PIECE = 4 * 1024 * 1024;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * Makes an image of random bytes, so that no two are alike and nothing of it can be compressed.
 *
 * @param path - folder for it, made when missing
 * @param contents - of each layer the number of its bytes, or the very bytes (a tar, where somebody will unpack it)
 * @returns the image
 */
export async function makeImage(
  path: string,
  contents: readonly (number | Uint8Array)[] = [64],
): Promise<OciLayout> {
  const blobs = join(path, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const layers: Descriptor[] = [];
  for (const content of contents)
    layers.push(
      typeof content === "number"
        ? await writeRandomBlob(blobs, content)
        : await writeBytes(blobs, LAYER, content),
    );
  const config = await writeBlob(blobs, CONFIG, {
    architecture: "amd64",
    os: "linux",
    config: { Labels: { made: randomBytes(8).toString("hex") } },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  });
  const manifest = await writeBlob(blobs, MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config,
    layers,
  });
  await writeFile(join(path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const named = { ...manifest, annotations: { "org.opencontainers.image.ref.name": "image" } };
  await writeFile(
    join(path, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [named] }),
  );
  return {
    path,
    digest: manifest.digest,
    blobs: [config, ...layers].map(({ digest }) => digest),
  };
}

/**
 * @param path - folder of a layout
 * @returns digests of its blobs as their bytes say, whatever their files are called
 */
export async function blobsIn(path: string): Promise<string[]> {
  const folder = join(path, "blobs", "sha256");
  const digests: string[] = [];
  for (const name of await readdir(folder)) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(folder, name)), hash);
    digests.push(`sha256:${hash.digest("hex")}`);
  }
  return digests;
}

async function writeRandomBlob(folder: string, size: number): Promise<Descriptor> {
  const draft = join(folder, `draft-${randomBytes(8).toString("hex")}`);
  const file = await open(draft, "wx");
  const hash = createHash("sha256");
  for (let written = 0; written < size; written += PIECE) {
    const piece = randomBytes(Math.min(PIECE, size - written));
    hash.update(piece);
    await file.write(piece);
  }
  await file.close();
  const hex = hash.digest("hex");
  await rename(draft, join(folder, hex));
  return { mediaType: LAYER, digest: `sha256:${hex}`, size };
}

async function writeBlob(folder: string, mediaType: string, value: object): Promise<Descriptor> {
  return writeBytes(folder, mediaType, Buffer.from(JSON.stringify(value)));
}

async function writeBytes(
  folder: string,
  mediaType: string,
  bytes: Uint8Array,
): Promise<Descriptor> {
  const hex = createHash("sha256").update(bytes).digest("hex");
  await writeFile(join(folder, hex), bytes);
  return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
}
