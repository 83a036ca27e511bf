import { describe, expect, test } from "@jest/globals";
import { gzipSync } from "node:zlib";
import { findSource, type ImageReader } from "#gateway/scm/find-source.js";
import { SEARCH_LIMITS, type SearchLimits } from "#gateway/scm/search-limits.js";
import { digestOf } from "#registry-protocol/digest.js";
import { readingOf } from "#tests/support/manifest-texts.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { gzipLayer, tarOf } from "#tests/support/tar-layers.js";

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";
const MIB = 1024 * 1024;

const file = (revision: string) => ({
  name: "scm-source.json",
  content: JSON.stringify({ url: "git:a", revision, author: "b", status: "" }),
});
const words = (revision: string) => ({
  "org.opencontainers.image.source": "https://git.example/a",
  "org.opencontainers.image.revision": revision,
});

describe("the search for a source", () => {
  test("takes annotations before labels before layers", async () => {
    const layers = [await gzipLayer([file("file")])];
    const all = { annotations: words("annotation"), labels: words("label"), layers };
    expect(await find(image(all))).toBe("annotation annotation");
    expect(await find(image({ ...all, annotations: {} }))).toBe("label label");
    expect(await find(image({ layers }))).toBe("file file");
    expect(await find(image({}))).toBe("not named");
  });

  test("reads no layer where that is off", async () => {
    const layers = [await gzipLayer([file("file")])];
    expect(await find(image({ layers }), { withLayers: false })).toBe("not named");
  });

  test("of an index takes its own annotations, else its first image that is no attestation", async () => {
    const found = image({ labels: words("label") });
    const attestation = image({ labels: words("attestation") });
    const children = [
      descriptor(attestation, {
        annotations: { "vnd.docker.reference.type": "attestation-manifest" },
      }),
      descriptor(attestation, { platform: { os: "unknown", architecture: "unknown" } }),
      descriptor(found, { platform: { os: "linux", architecture: "amd64" } }),
    ];
    const store = { ...found.store, ...attestation.store };
    const index = (annotations: object) =>
      manifest(INDEX, { manifests: children, annotations }, store);
    expect(await find(index({}))).toBe("label label");
    expect(await find(index(words("index")))).toBe("annotation index");
    expect(await find(manifest(INDEX, { manifests: children.slice(0, 2) }, store))).toBe(
      "not named",
    );
  });

  test.each(["scm-source.json", "./scm-source.json", "/scm-source.json"])(
    "finds the file as %s, after many others",
    async (name) => {
      const others = Array.from({ length: 300 }, (_one, i) => ({
        name: `usr/share/${i}/scm-source.json`,
        content: JSON.stringify({ url: "x", revision: "elsewhere" }),
      }));
      const layer = [...others, { ...file("root"), name }, { name: "after", content: "x" }];
      expect(await find(image({ layers: [await gzipLayer(layer)] }))).toBe("file root");
      expect(await find(image({ layers: [await tarOf(layer)] }))).toBe("file root");
    },
  );

  test("takes the topmost layer's file", async () => {
    const layers = [
      await gzipLayer([file("base")]),
      await gzipLayer([file("ours")]),
      await gzipLayer([{ name: "etc/passwd", content: "" }]),
    ];
    expect(await find(image({ layers }))).toBe("file ours");
  });

  test.each([".wh.scm-source.json", ".wh..wh..opq"])("heeds %s", async (name) => {
    const layers = [await gzipLayer([file("base")]), await gzipLayer([{ name, content: "" }])];
    expect(await find(image({ layers }))).toBe("scm-source.json was removed in a layer");
  });

  test.each([".wh.scm-source.json", ".wh..wh..opq"])(
    "takes the file that stands in the same layer as %s, before or after it",
    async (name) => {
      const hidden = { name, content: "" };
      for (const top of [
        [hidden, file("ours")],
        [file("ours"), hidden],
      ]) {
        const layers = [await gzipLayer([file("base")]), await gzipLayer(top)];
        expect(await find(image({ layers }))).toBe("file ours");
      }
    },
  );

  test("takes a file that begins with a byte order mark", async () => {
    const { name, content } = file("marked");
    const layers = [await gzipLayer([{ name, content: `\uFEFF${content}` }])];
    expect(await find(image({ layers }))).toBe("file marked");
  });

  test("does not take a base image's file where a layer above it cannot be read", async () => {
    const base = await gzipLayer([file("base")]);
    const broken = (await gzipLayer([{ name: "a", content: Buffer.alloc(9_000, "x") }])).subarray(
      0,
      60,
    );
    expect(await find(image({ layers: [base, broken] }))).toMatch(/unexpected end of file$/);
    const noise = gzipSync(Buffer.alloc(2_000, 7));
    expect(await find(image({ layers: [base, noise] }))).toMatch(/Invalid tar header/);
  });

  test("says which field of the file is wrong", async () => {
    const layers = [await gzipLayer([{ name: "scm-source.json", content: '{"url":""}' }])];
    expect(await find(image({ layers }))).toBe("scm-source.json: url: must not be empty");
  });

  test("reads zstd", async () => {
    const zstd = Buffer.from(ZSTD_LAYER, "base64");
    expect(await find(image({ layers: [zstd] }))).toBe("file zstd");
  });

  test("gives a zip bomb up at the limit, without unpacking it", async () => {
    const bomb = gzipSync(
      await tarOf([{ name: "zeros", content: Buffer.alloc(64 * MIB) }, file("x")]),
    );
    expect(bomb.length).toBeLessThan(100_000);
    const limits = { ...SEARCH_LIMITS, bytes: 8 * MIB };
    const outcome = await find(image({ layers: [bomb] }), { limits });
    expect(outcome).toBe(`given up: more than ${8 * MIB} bytes of decompressed layers`);
  });

  test("gives up at the limit of bytes, of entries, of the file and of the announced size", async () => {
    const many = Array.from({ length: 50 }, (_one, i) => ({ name: `f${i}`, content: "" }));
    const layers = [await gzipLayer([...many, file("x")])];
    const limited = (limits: Partial<SearchLimits>) =>
      find(image({ layers }), { limits: { ...SEARCH_LIMITS, ...limits } });
    expect(await limited({ entries: 50 })).toBe("given up: more than 50 entries in layers");
    expect(await limited({ entries: 51 })).toBe("file x");
    expect(await limited({ fileBytes: 10 })).toMatch(/scm-source.json is larger than 10 bytes$/);
    expect(await limited({ compressedBytes: 100 })).toMatch(/^given up: layer of \d+ bytes$/);
    const liar = image({ layers, announced: 1 });
    const limits = { ...SEARCH_LIMITS, compressedBytes: 100 };
    expect(await find(liar, { limits })).toBe("given up: more than 100 bytes of layers");
  });

  test("ends a layer that does not end, in time and for good", async () => {
    const stalled = image({ layers: [await gzipLayer([file("x")])] });
    const reader: ImageReader = {
      ...readerOf(stalled),
      blob: (repository, digest, signal) =>
        digest in stalled.layers
          ? Promise.resolve(endless(signal))
          : readerOf(stalled).blob(repository, digest, signal),
    };
    const limits = { ...SEARCH_LIMITS, layerMilliseconds: 50 };
    expect(await find(stalled, { limits, reader })).toBe("given up: not done within 0.05 s");
    await expect(find(stalled, { reader, signal: AbortSignal.timeout(50) })).rejects.toThrow();
  });

  test("is to be tried again when the registry breaks off", async () => {
    const cut = image({ layers: [await gzipLayer([file("x")])] });
    const reader: ImageReader = {
      ...readerOf(cut),
      blob: (repository, digest, signal) =>
        digest in cut.layers
          ? Promise.resolve(breakingOff(cut.store[digest] ?? Buffer.alloc(0)))
          : readerOf(cut).blob(repository, digest, signal),
    };
    await expect(find(cut, { reader })).rejects.toThrow("did not send the whole layer");
  });
});

/** `tar` with one file, revision "zstd", as the `zstd` program compresses it. */
const ZSTD_LAYER =
  "KLUv/WQAJ2UDAJKFExmQqTlwYmQTgvRrIzUNdpfNdjE0fnXZ/yWmbbigcmHk5VImhYIGGEEqGYyMwGVG1R3WGERUrt6UcNjgvD32/zc7/r/L5UGgJLguA4kkAwoA2i6AfxqgYCgcAOEHIDnAAFoNcKxcRkxgCSrudno=";

interface TestImage {
  readonly content: Buffer;
  readonly store: Readonly<Record<string, Buffer>>;
  readonly layers: Readonly<Record<string, Buffer>>;
  readonly mediaType: string;
}

function manifest(mediaType: string, body: object, store: Record<string, Buffer>): TestImage {
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...body }));
  return { content, mediaType, store: { ...store, [digestOf(content)]: content }, layers: {} };
}

function image(parts: {
  annotations?: object;
  labels?: object;
  layers?: readonly Buffer[];
  announced?: number;
}): TestImage {
  const { annotations, labels = {}, layers = [], announced } = parts;
  const config = Buffer.from(JSON.stringify({ config: { Labels: labels } }));
  const blobs = Object.fromEntries(layers.map((layer) => [digestOf(layer), layer]));
  const body = {
    annotations,
    config: { mediaType: CONFIG, digest: digestOf(config), size: config.length },
    layers: layers.map((layer) => ({
      mediaType: LAYER,
      digest: digestOf(layer),
      size: announced ?? layer.length,
    })),
  };
  const made = manifest(IMAGE, body, { ...blobs, [digestOf(config)]: config });
  return { ...made, layers: blobs };
}

function descriptor({ content, mediaType }: TestImage, more: object) {
  return { mediaType, digest: digestOf(content), size: content.length, ...more };
}

function readerOf({ store }: TestImage): ImageReader {
  return {
    manifest: (_repository, digest) => {
      const content = store[digest];
      return Promise.resolve(content === undefined ? null : readingOf(content));
    },
    blob: (_repository, digest) => {
      const found = store[digest];
      return Promise.resolve(found === undefined ? null : inPieces(found));
    },
  };
}

async function find(
  made: TestImage,
  options: {
    withLayers?: boolean;
    limits?: SearchLimits;
    reader?: ImageReader;
    signal?: AbortSignal;
  } = {},
): Promise<string> {
  const { found, note } = await findSource(options.reader ?? readerOf(made), {
    repository: parseRepositoryName("alpha/app"),
    reading: readingOf(made.content),
    withLayers: options.withLayers ?? true,
    limits: options.limits ?? SEARCH_LIMITS,
    signal: options.signal ?? new AbortController().signal,
  });
  return found === null ? note : `${found.origin} ${found.source.revision}`;
}

/** Pieces of odd sizes, so that nothing relies on where they end. */
async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_021) {
    await Promise.resolve();
    yield bytes.subarray(at, at + (at === 0 ? 1 : 1_021));
    if (at === 0) yield bytes.subarray(1, 1_021);
  }
}

async function* endless(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(10);
  await new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
}

async function* breakingOff(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, 20);
  await Promise.reject(new Error("connection reset"));
}
