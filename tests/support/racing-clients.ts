import { randomBytes } from "node:crypto";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { ask, type Answer } from "./http-client.js";

/** An image of random bytes, in memory. */
export interface RandomImage {
  /** Layers first, the configuration last. */
  readonly blobs: readonly Buffer[];
  readonly manifest: string;
  readonly digest: Digest;
}

/** Type of the manifests below. */
export const RACED_TYPE = "application/vnd.oci.image.manifest.v1+json";

/**
 * @param layers - how many
 * @param bytes - of each
 * @returns an image that nobody has pushed
 */
export function randomImage(layers = 1, bytes = 512): RandomImage {
  const contents = Array.from({ length: layers }, () => randomBytes(bytes));
  const made = randomBytes(8).toString("hex");
  const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", made }));
  const descriptor = (mediaType: string, content: Buffer) => ({
    mediaType,
    size: content.length,
    digest: digestOf(content),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: RACED_TYPE,
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: contents.map((layer) => descriptor("application/vnd.oci.image.layer.v1.tar", layer)),
  });
  return { blobs: [...contents, config], manifest, digest: digestOf(Buffer.from(manifest)) };
}

/** Where clients push, and as whom. */
export interface PushedTo {
  /** URL of a gateway. */
  readonly url: string;
  readonly repository: string;
  /** `Authorization` of the client. */
  readonly bearer: string;
}

/**
 * Pushes as containers/image and docker do: a HEAD for each blob, an upload in two requests for what is not there and a
 * HEAD after it, then the manifest; then reads the tag.
 *
 * @param to - where
 * @param image - what
 * @param tag - under which name
 * @returns the requests that were not answered as they should be, in words
 */
export async function pushAsClientsDo(
  to: PushedTo,
  image: RandomImage,
  tag: string,
): Promise<string[]> {
  const wrong: string[] = [];
  const expect = (what: string, answer: Answer, ...wanted: number[]) => {
    if (wanted.includes(answer.status)) return;
    wrong.push(`${what}: ${answer.status} ${answer.body.toString().slice(0, 200)}`);
  };
  const base = `/v2/${to.repository}`;
  const headers = { Authorization: to.bearer };
  await Promise.all(
    image.blobs.map(async (blob) => {
      const path = `${base}/blobs/${digestOf(blob)}`;
      const known = await ask(to.url, path, { method: "HEAD", headers });
      expect("HEAD blob before", known, 200, 404);
      if (known.status === 200) return;
      expect("upload", await upload(to, blob), 201);
      expect("HEAD blob after", await ask(to.url, path, { method: "HEAD", headers }), 200);
    }),
  );
  const path = `${base}/manifests/${tag}`;
  const typed = { ...headers, "Content-Type": RACED_TYPE };
  const put = await ask(to.url, path, { method: "PUT", headers: typed, body: image.manifest });
  expect("PUT manifest", put, 201);
  const accept = { ...headers, Accept: RACED_TYPE };
  const read = await ask(to.url, path, { method: "HEAD", headers: accept });
  expect("HEAD tag", read, 200);
  const served = read.headers["docker-content-digest"];
  if (read.status === 200 && served !== image.digest) wrong.push(`HEAD tag: ${String(served)}`);
  return wrong;
}

/**
 * @param to - where
 * @param blob - a blob
 * @returns the answer to the request that closes the upload, or to the one that went wrong
 */
async function upload(to: PushedTo, blob: Buffer): Promise<Answer> {
  const headers = { Authorization: to.bearer, "Content-Type": "application/octet-stream" };
  const started = await ask(to.url, `/v2/${to.repository}/blobs/uploads/`, {
    method: "POST",
    headers,
  });
  if (started.status !== 202) return started;
  const patched = await ask(to.url, String(started.headers.location), {
    method: "PATCH",
    headers,
    body: blob,
  });
  if (patched.status !== 202) return patched;
  const location = new URL(String(patched.headers.location), to.url);
  location.searchParams.set("digest", digestOf(blob));
  const target = `${location.pathname}${location.search}`;
  return ask(to.url, target, { method: "PUT", headers });
}
