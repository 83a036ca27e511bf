import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { ask, type Answer, type AskOptions } from "./http-client.js";

/** Where somebody signs, and by which token. */
export interface SignedAt {
  readonly url: string;
  readonly repository: string;
  readonly authorization: string;
}

/** A signature, ready to be attached: its blobs are there. */
export interface ReadyBundle {
  readonly digest: Digest;
  /**
   * Attaches it, also again.
   *
   * @param at - through which gateway; absent: where its blobs were sent
   * @returns the answer to its manifest
   */
  attach(at?: SignedAt): Promise<Answer>;
  /** @returns what the client does then: whether the registry lists referrers itself, or has to be told by a tag */
  look(at?: SignedAt): Promise<Answer>;
}

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const ACCEPTED = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  MANIFEST_TYPE,
  INDEX_TYPE,
].join(",");

/**
 * Makes the requests of cosign 3 and its client library for a signature as a bundle, in their order: what the image is, an empty
 * configuration and the bundle as blobs; then the manifest by its digest, and whether the registry lists referrers itself.
 *
 * @param at - repository and token
 * @param subject - digest of the image that is signed
 * @param bundle - text of the bundle; other text, other signature
 * @returns the signature, not attached yet
 */
export async function readyBundle(
  at: SignedAt,
  subject: Digest,
  bundle: string,
): Promise<ReadyBundle> {
  const image = await request(at, `manifests/${subject}`, {
    method: "HEAD",
    headers: { Accept: ACCEPTED },
  });
  if (image.status !== 200) throw new Error(`the image is ${image.status}`);
  const { "content-type": mediaType, "content-length": length } = image.headers;
  const [config, layer] = [await upload(at, "{}"), await upload(at, bundle)];
  const title = `${layer.digest.replace(":", "-")}.sigstore.json`;
  // In the order of the library's fields; its own artifactType comes last.
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: {
      mediaType: "application/vnd.oci.empty.v1+json",
      ...sizeFirst(config),
      artifactType: BUNDLE_TYPE,
    },
    layers: [
      {
        mediaType: BUNDLE_TYPE,
        ...sizeFirst(layer),
        annotations: { "org.opencontainers.image.title": title },
      },
    ],
    annotations: {
      "dev.sigstore.bundle.content": "dsse-envelope",
      "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
      "org.opencontainers.image.created": "2026-11-28T07:00:00Z",
    },
    subject: { mediaType, size: Number(length), digest: subject },
    artifactType: BUNDLE_TYPE,
  });
  const digest = digestOf(Buffer.from(text));
  return {
    digest,
    attach: (there = at) =>
      request(there, `manifests/${digest}`, {
        ...{ method: "PUT", headers: { "Content-Type": MANIFEST_TYPE }, body: text },
      }),
    look: (there = at) =>
      request(there, `referrers/${subject}`, { headers: { Accept: INDEX_TYPE } }),
  };
}

interface Blob {
  readonly digest: Digest;
  readonly size: number;
}

const sizeFirst = ({ digest, size }: Blob) => ({ size, digest });

async function upload(at: SignedAt, text: string): Promise<Blob> {
  const blob = { digest: digestOf(Buffer.from(text)), size: Buffer.byteLength(text) };
  const known = await request(at, `blobs/${blob.digest}`, { method: "HEAD" });
  if (known.status === 200) return blob;
  const begun = await request(at, "blobs/uploads/", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
  });
  const headers = { "Content-Type": "application/octet-stream" };
  const sent = await next(at, begun, { method: "PATCH", headers, body: text });
  const closed = await next(at, sent, { method: "PUT", headers }, blob.digest);
  if (closed.status !== 201) throw new Error(`a blob was answered ${closed.status}`);
  return blob;
}

function next(
  at: SignedAt,
  { headers }: Answer,
  options: AskOptions,
  digest?: Digest,
): Promise<Answer> {
  const location = new URL(headers.location ?? "", at.url);
  if (digest !== undefined) location.searchParams.set("digest", digest);
  return send(at, `${location.pathname}${location.search}`, options);
}

function request(at: SignedAt, path: string, options: AskOptions): Promise<Answer> {
  return send(at, `/v2/${at.repository}/${path}`, options);
}

function send({ url, authorization }: SignedAt, target: string, options: AskOptions) {
  const headers = { "User-Agent": "cosign/v3.1.1", ...options.headers };
  return ask(url, target, { ...options, headers: { ...headers, Authorization: authorization } });
}
