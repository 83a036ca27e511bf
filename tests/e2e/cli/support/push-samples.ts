import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { registryClient } from "#tests/support/registry-client.js";
import { gzipLayer, tarOf } from "#tests/support/tar-layers.js";

const OCI = "application/vnd.oci.image";

/** Pushes images as the command line's tests need them: with layers of each kind, for platforms, with referrers. */
export interface Samples {
  /** Pushes an image with a file in each of two layers, gzip and zstd. @returns its digest */
  image(name: string, options?: SampleOptions): Promise<string>;
  /** Pushes an index of images that were pushed. @returns its digest */
  index(name: string, platforms: Readonly<Record<string, string>>): Promise<string>;
  /** Pushes by digest what refers to a manifest. @returns its digest */
  referrer(repository: string, subject: string, artifactType: string): Promise<string>;
}

/** What differs from other samples. */
export interface SampleOptions {
  readonly version?: string;
  readonly env?: readonly string[];
  readonly source?: string;
}

/**
 * @param url - the gateway
 * @param accessToken - who pushes
 * @returns what pushes there
 */
export function pushSamples(url: string, accessToken: string): Samples {
  const client = registryClient(url, accessToken);
  const send = async (repository: string, path: string, init: RequestInit) => {
    const token = await client.token(`repository:${repository}:pull,push`);
    const headers = { ...(init.headers as object), authorization: `Bearer ${token}` };
    const answer = await fetch(new URL(path, url), { ...init, headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const blob = async (repository: string, mediaType: string, bytes: Buffer) => {
    const digest = digestOf(bytes);
    const started = await send(repository, `/v2/${repository}/blobs/uploads/`, { method: "POST" });
    const location = new URL(started.headers.get("location") ?? "", url);
    location.searchParams.set("digest", digest);
    const headers = { "content-type": "application/octet-stream" };
    await send(repository, location.href, { method: "PUT", headers, body: new Uint8Array(bytes) });
    return { mediaType, digest, size: bytes.length };
  };
  const manifest = async (repository: string, reference: string | null, value: object) => {
    const text = JSON.stringify(value);
    const digest = digestOf(Buffer.from(text));
    const { mediaType } = value as { mediaType: string };
    await send(repository, `/v2/${repository}/manifests/${reference ?? digest}`, {
      ...{ method: "PUT", headers: { "content-type": mediaType }, body: text },
    });
    return { digest, size: text.length, mediaType };
  };
  return {
    image: async (name, { version = "1", env = [], source } = {}) => {
      const [repository = "", tag = ""] = name.split(":");
      const layers = [
        await blob(
          repository,
          `${OCI}.layer.v1.tar+gzip`,
          await gzipLayer([{ name: "etc" }, { name: "etc/os-release", content: "ID=test\n" }]),
        ),
        await blob(
          repository,
          `${OCI}.layer.v1.tar+zstd`,
          zstdCompressSync(
            await tarOf([{ name: `srv/app-${version}.js`, content: "x".repeat(2_000) }]),
          ),
        ),
      ];
      const config = {
        ...{ architecture: "amd64", os: "linux", created: "2026-11-20T12:00:00Z" },
        config: { Env: ["PATH=/bin", ...env], Labels: { version }, User: "app" },
        rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      };
      const { digest } = await manifest(repository, tag, {
        ...{ schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`, layers },
        config: await blob(
          repository,
          `${OCI}.config.v1+json`,
          Buffer.from(JSON.stringify(config)),
        ),
        ...(source === undefined
          ? {}
          : {
              annotations: {
                "org.opencontainers.image.source": source,
                "org.opencontainers.image.revision": "a1b2c3",
              },
            }),
      });
      return digest;
    },
    index: async (name, platforms) => {
      const [repository = "", tag = ""] = name.split(":");
      const manifests = await Promise.all(
        Object.entries(platforms).map(async ([platform, digest]) => {
          const text = await client.manifest(repository, digest);
          const [os, architecture] = platform.split("/");
          const size = Buffer.byteLength(text.text);
          return {
            mediaType: `${OCI}.manifest.v1+json`,
            digest,
            size,
            platform: { os, architecture },
          };
        }),
      );
      const value = { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests };
      return (await manifest(repository, tag, value)).digest;
    },
    referrer: async (repository, subject, artifactType) => {
      const { text } = await client.manifest(repository, subject);
      const empty = await blob(repository, "application/vnd.oci.empty.v1+json", Buffer.from("{}"));
      const { mediaType } = JSON.parse(text) as { mediaType: string };
      const made = await manifest(repository, null, {
        ...{ schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`, artifactType },
        ...{ config: empty, layers: [empty] },
        subject: { mediaType, digest: subject, size: Buffer.byteLength(text) },
      });
      await fallback(repository, subject, { ...made, artifactType });
      return made.digest;
    },
  };

  /** As clients do where the registry has no list of referrers (distribution specification, "Referrers Tag Schema"). */
  async function fallback(repository: string, subject: string, entry: object): Promise<void> {
    const tag = subject.replace(":", "-");
    const before = await client.manifest(repository, tag);
    const listed =
      before.status === 200 ? (JSON.parse(before.text) as { manifests: object[] }).manifests : [];
    await manifest(repository, tag, {
      ...{ schemaVersion: 2, mediaType: `${OCI}.index.v1+json` },
      manifests: [...listed, entry],
    });
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
