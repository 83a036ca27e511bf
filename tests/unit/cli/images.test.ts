import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { pack } from "tar-stream";
import { readManifest, sizeOf } from "../../../cli/src/images/manifest.js";
import { readTar, type TarEntry } from "../../../cli/src/images/tar.js";
import { unpacked } from "../../../cli/src/images/unpack.js";
import { readItems } from "../../../cli/src/api/pages.js";
import { readEvents } from "../../../cli/src/api/event-stream.js";
import { timeAt } from "../../../cli/src/commands/words.js";

const LONG = `usr/${"a-long-name/".repeat(30)}file.txt`;

async function layer(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: "etc/", type: "directory", mode: 0o755, mtime: new Date(0) });
  tar.entry(
    { name: LONG, mode: 0o4755, mtime: new Date("2026-11-20T12:00:00Z") },
    "x".repeat(5_000),
  );
  tar.entry({ name: "bin/sh", type: "symlink", linkname: "busybox" });
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function entriesOf(bytes: Uint8Array, piece = bytes.length): Promise<readonly TarEntry[]> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
    bytes.subarray(i * piece, (i + 1) * piece),
  );
  const stream = ReadableStream.from<Uint8Array>(pieces);
  const found: TarEntry[] = [];
  for await (const entry of readTar(await unpacked(stream, () => undefined))) found.push(entry);
  return found;
}

describe("a layer", () => {
  test.each([
    ["plain", (bytes: Buffer) => bytes],
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("is listed as %s, in pieces of any size", async (_name, compress) => {
    const bytes = compress(await layer());
    const entries = await entriesOf(bytes, 97);
    expect(entries.map(({ path, kind, size }) => ({ path, kind, size }))).toEqual([
      { path: "etc/", kind: "folder", size: 0 },
      { path: LONG, kind: "file", size: 5_000 },
      { path: "bin/sh", kind: "symlink", size: 0 },
    ]);
    expect(entries[1]).toMatchObject({ mode: 0o4755, modified: "2026-11-20T12:00:00.000Z" });
    expect(entries[2]).toMatchObject({ target: "busybox" });
  });

  test("that is cut, or none, is a fault and not a shorter list", async () => {
    const bytes = await layer();
    await expect(entriesOf(bytes.subarray(0, 1_600))).rejects.toThrow("in the middle of an entry");
    await expect(entriesOf(gzipSync(bytes).subarray(0, 60))).rejects.toThrow("unexpected end");
    await expect(entriesOf(Buffer.alloc(1_024, "x"))).rejects.toThrow("is no tar");
  });
});

test("an image's size is that of its configuration and layers", () => {
  const blob = (digest: string, size: number) => ({ mediaType: "x", digest, size });
  const manifest = { config: blob("c", 5), layers: [blob("a", 10), blob("b", 10)] };
  expect(sizeOf(readManifest(manifest))).toBe(25);
});

test("times can be said as they are meant", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  expect(timeAt("90d", now)).toBe("2026-08-29T12:00:00.000Z");
  expect(timeAt("2026-11-20", now)).toBe("2026-11-20T00:00:00.000Z");
  expect(() => timeAt("yesterday", now)).toThrow("is no time");
});

describe("a list of the REST API", () => {
  const pages = (asked: string[]) => ({
    call: (_method: string, path: string) => {
      asked.push(path);
      const from = Number(new URLSearchParams(path.split("?")[1]).get("cursor") ?? 0);
      const limit = Number(new URLSearchParams(path.split("?")[1]).get("limit"));
      const items = Array.from({ length: Math.min(limit, 700 - from) }, (_, i) => ({
        name: String(from + i),
      }));
      return Promise.resolve({ items, next: from + limit < 700 ? String(from + limit) : null });
    },
  });
  const namesOf = (items: readonly { name: string }[]) => items.map(({ name }) => name);

  test("is read page after page, as far as is asked for", async () => {
    const asked: string[] = [];
    const all = await readItems<"digests.tags">(pages(asked), "/x", {
      query: { sort: "name" },
      limit: 9_999,
    });
    expect([all.items.length, all.hasMore, all.left]).toEqual([700, false, 0]);
    expect(asked).toEqual(["/x?sort=name&limit=500", "/x?sort=name&cursor=500&limit=500"]);
    const some = await readItems<"digests.tags">(pages(asked), "/x", {
      query: { by: undefined },
      limit: 3,
    });
    expect([namesOf(some.items), some.hasMore]).toEqual([["0", "1", "2"], true]);
    expect(asked.at(-1)).toBe("/x?limit=3");
  });

  test("is read on where some do not count", async () => {
    const asked: string[] = [];
    const keep = ({ name }: { name: string }) => Number(name) >= 60;
    const { items, left, hasMore } = await readItems<"digests.tags">(pages(asked), "/x", {
      query: {},
      limit: 2,
      keep,
    });
    expect([namesOf(items), left, hasMore]).toEqual([["60", "61"], 60, true]);
    expect(asked).toHaveLength(2);
  });

  test("is none where an answer has another form", async () => {
    for (const answer of [null, [], { things: [] }]) {
      const other = { call: () => Promise.resolve<unknown>(answer) };
      const read = readItems<"digests.tags">(other, "/x", { query: {}, limit: 3 });
      await expect(read).rejects.toThrow("has another form");
    }
  });
});

test("events of a stream are read in pieces of any size, comments passed over", async () => {
  const text =
    ': hello\n\nid: 7\nevent: push\ndata: {"a":\ndata: "ü"}\n\n:\ndata: x\r\n\r\ndata: cut';
  const bytes = Buffer.from(text);
  for (const size of [1, 2, 5, 500]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    const events = [];
    for await (const event of readEvents(ReadableStream.from<Uint8Array>(pieces)))
      events.push(event);
    expect(events).toEqual([
      { id: "7", name: "push", data: '{"a":\n"ü"}' },
      { id: "7", name: "message", data: "x" },
    ]);
  }
});
