import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { pack, type Header } from "tar-stream";
import {
  CONTENTS_LIMITS,
  listContents,
  type ContentsLine,
  type ContentsTask,
} from "#gateway/contents/list-contents.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { Descriptor } from "#registry-protocol/manifest/manifest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { gzipLayer, tarOf } from "#tests/support/tar-layers.js";

const MIB = 1024 * 1024;
const repository = parseRepositoryName("alpha/app");
const TAR = "application/vnd.oci.image.layer.v1.tar";

interface Layer {
  readonly bytes: Uint8Array | null;
  readonly mediaType?: string;
}

async function list(layers: readonly (Uint8Array | Layer)[], more: Partial<ContentsTask> = {}) {
  const all = layers.map((one) => (one instanceof Uint8Array ? { bytes: one } : one));
  const blobs = new Map<string, Uint8Array>();
  const descriptors = all.map(({ bytes, mediaType = TAR }: Layer, index) => {
    const digest = digestOf(bytes ?? Buffer.from(`absent ${index}`));
    if (bytes !== null) blobs.set(digest, bytes);
    return { digest, mediaType, size: bytes?.length ?? 0 } as Descriptor;
  });
  const reader = {
    blob: (_repository: string, digest: Digest) => {
      const bytes = blobs.get(digest);
      return Promise.resolve(bytes === undefined ? null : inPieces(bytes));
    },
  };
  const lines: ContentsLine[] = [];
  const task = {
    ...{ repository, layers: descriptors, only: null, isMerged: false },
    ...{ limits: CONTENTS_LIMITS, signal: new AbortController().signal },
    ...more,
  };
  const end = await listContents(reader, task, (line) => {
    lines.push(line);
    return Promise.resolve();
  });
  return {
    lines,
    end,
    short: lines.map(
      (line) => `${line.layer} ${line.kind} ${"path" in line ? line.path : line.reason}`,
    ),
  };
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) {
    await Promise.resolve();
    yield bytes.subarray(at, at + 64 * 1024);
  }
}

async function tarWith(headers: readonly (Partial<Header> & { name: string })[]): Promise<Buffer> {
  const tar = pack();
  for (const header of headers) tar.entry(header).end(undefined);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const FILES = [{ name: "etc" }, { name: "etc/passwd", content: "root" }];

describe("the files in an image", () => {
  test.each([
    ["plain", (tar: Buffer) => tar],
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("are listed from layers that are %s, whatever the media type says", async (_how, compress) => {
    const { short, end } = await list([compress(await tarOf(FILES))]);
    expect(short).toEqual(["1 folder etc", "1 file etc/passwd"]);
    expect(end).toEqual({ end: "complete" });
  });

  test("have mode, size, time and target", async () => {
    const mtime = new Date("2026-11-20T12:00:00Z");
    const { lines } = await list([
      await tarWith([
        { name: "./bin/sh", mode: 0o4755, mtime },
        { name: "bin/ash", type: "symlink", linkname: "sh", mtime },
        { name: "/bin/dash", type: "link", linkname: "bin/sh", mtime },
        { name: "dev/null", type: "character-device", mtime },
      ]),
    ]);
    expect(lines).toMatchObject([
      { path: "bin/sh", kind: "file", mode: 0o4755, modified: mtime.toISOString(), target: null },
      { path: "bin/ash", kind: "symlink", target: "sh" },
      { path: "bin/dash", kind: "link", target: "bin/sh" },
      { path: "dev/null", kind: "device" },
    ]);
  });

  const BELOW = tarOf([
    { name: "a", content: "1" },
    { name: "c/d", content: "2" },
    { name: "c/e", content: "3" },
  ]);
  const ABOVE = tarOf([
    { name: "a", content: "new" },
    { name: "c/.wh.d", content: "" },
  ]);

  test("are those of each layer, with what it takes away of lower ones", async () => {
    const { short } = await list([await BELOW, await ABOVE]);
    expect(short).toEqual(["1 file a", "1 file c/d", "1 file c/e", "2 file a", "2 removed c/d"]);
  });

  test("are those that are seen of all layers", async () => {
    const { lines, end } = await list([await BELOW, await ABOVE], { isMerged: true });
    expect(lines).toMatchObject([
      { layer: 2, path: "a", size: 3 },
      { layer: 1, path: "c/e", size: 1 },
    ]);
    expect(end).toEqual({ end: "complete" });
  });

  test("are those of one layer where that is asked for", async () => {
    expect((await list([await BELOW, await ABOVE], { only: 2 })).short).toHaveLength(2);
  });

  test.each<[string, Layer, string]>([
    [
      "is foreign",
      { bytes: null, mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" },
      "a foreign layer, which the registry does not have",
    ],
    ["is lost", { bytes: null }, "the registry does not have it"],
    [
      "has no files",
      { bytes: Buffer.from("{}"), mediaType: "application/spdx+json" },
      "no layer of files: application/spdx+json",
    ],
    [
      "is no tar",
      { bytes: Buffer.alloc(2_048, "x") },
      "Invalid tar header. Maybe the tar is corrupted or it needs to be gunzipped?",
    ],
    [
      "is cut in a member",
      { bytes: gzipSync(Buffer.alloc(4_096)).subarray(0, 20) },
      "Error: unexpected end of file",
    ],
  ])("go on behind a layer that %s, which is said", async (_what, layer, reason) => {
    for (const isMerged of [false, true]) {
      const { short, end } = await list([layer, await BELOW], { isMerged });
      expect(short).toContain(`1 unread ${reason}`);
      expect(short).toContain("2 file a");
      expect(end).toEqual({ end: "incomplete", reason: `layer 1: ${reason}` });
    }
  });

  test("that are foreign and there all the same are listed", async () => {
    const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const { short } = await list([{ bytes: await gzipLayer(FILES), mediaType }]);
    expect(short).toEqual(["1 folder etc", "1 file etc/passwd"]);
  });
});

describe("a list ends", () => {
  const bomb = async (size: number) =>
    gzipSync(await tarOf([{ name: "zeros", content: Buffer.alloc(size) }]));

  test("where a small layer becomes too large", async () => {
    const layer = await bomb(64 * MIB);
    expect(layer.length).toBeLessThan(MIB);
    const { end } = await list([layer], { limits: { ...CONTENTS_LIMITS, bytes: 16 * MIB } });
    expect(end).toEqual({
      end: "incomplete",
      reason: `more than ${16 * MIB} bytes of decompressed layers`,
    });
  });

  test("where there are too many entries, of all layers together", async () => {
    const limits = { ...CONTENTS_LIMITS, entries: 3 };
    const { short, end } = await list([await tarOf(FILES), await gzipLayer(FILES)], { limits });
    expect(short).toHaveLength(3);
    expect(end).toEqual({ end: "incomplete", reason: "more than 3 entries in layers" });
  });

  test("where a path is longer than any can be", async () => {
    const name = `${"x/".repeat(3_000)}y`;
    const { end } = await list([await tarOf([{ name, content: "" }])]);
    expect(end).toMatchObject({ end: "incomplete" });
  });

  test("when its time is over, though whoever reads it is slow", async () => {
    const limits = { ...CONTENTS_LIMITS, layerMilliseconds: 1 };
    const { end } = await list([await bomb(64 * MIB)], { limits });
    expect(end).toEqual({ end: "incomplete", reason: "not done within 0.001 s" });
  });

  test("with nothing more when nobody waits for it", async () => {
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(list([await tarOf(FILES)], { signal: gone })).rejects.toThrow("gone");
  });
});
