import { digestOf } from "#registry-protocol/digest.js";
import { ask } from "#tests/support/http-client.js";
import { IMAGE_TYPE, REPOSITORY, type TestManifest } from "./manifests.js";

/** What an image is made of. */
export interface ImageContent {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Gzipped tars, the lowest first. */
  readonly layers?: readonly Buffer[];
}

const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";

/**
 * @param registryUrl - the registry itself
 * @param name - other name, other digest
 * @param content - what it is made of
 * @returns an image whose blobs are at the registry and whose manifest is not
 */
export async function uploadImage(
  registryUrl: string,
  name: string,
  { labels = {}, annotations = {}, layers = [] }: ImageContent,
): Promise<TestManifest> {
  const config = Buffer.from(JSON.stringify({ os: "linux", config: { Labels: labels }, name }));
  const upload = async (mediaType: string, blob: Buffer) => {
    await uploadBlob(registryUrl, blob);
    return { mediaType, digest: digestOf(blob), size: blob.length };
  };
  const descriptors: object[] = [];
  for (const layer of layers) descriptors.push(await upload(LAYER_TYPE, layer));
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: IMAGE_TYPE,
    config: await upload(CONFIG_TYPE, config),
    layers: descriptors,
    annotations,
  });
  return { text, digest: digestOf(Buffer.from(text)), mediaType: IMAGE_TYPE };
}

/**
 * @param registryUrl - the registry itself
 * @param blob - what to upload
 * @param repository - where
 */
export async function uploadBlob(
  registryUrl: string,
  blob: Buffer,
  repository = REPOSITORY,
): Promise<void> {
  const start = `/v2/${repository}/blobs/uploads/`;
  const { headers } = await ask(registryUrl, start, { method: "POST" });
  const location = new URL(headers.location ?? "", registryUrl);
  location.searchParams.set("digest", digestOf(blob));
  const type = { "Content-Type": "application/octet-stream" };
  const put = { method: "PUT", headers: type, body: blob };
  const { status } = await ask(registryUrl, `${location.pathname}${location.search}`, put);
  if (status !== 201) throw new Error(`the registry answered ${status} to a blob`);
}
