import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { errorOf } from "#tests/support/http-client.js";
import { uploadBlob } from "./support/blobs.js";
import {
  image,
  IMAGE_TYPE,
  index,
  INDEX_TYPE,
  manifestOf,
  type TestManifest,
} from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const LIST_TYPE = "application/vnd.docker.distribution.manifest.list.v2+json";
const CONFIG_TYPE = "application/vnd.buildkit.cacheconfig.v0";
const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const RULES = [
  { id: "releases", tags: ["v-*"], effect: "immutable" },
  { id: "all", effect: "mutable" },
] as const;

/** One of the line 3 that looks for what an index names takes none of layers. */
const REGISTRIES = registryPrograms().flatMap((program) =>
  [false, true].map((looksForChildren) => ({ ...program, looksForChildren })),
);

describe.each(REGISTRIES)(
  "BuildKit's cache, registry $version, looks for children: $looksForChildren",
  (program) => {
    const { looksForChildren } = program;
    const takesIndexes = !(program.deletesTags && looksForChildren);
    let wharf: Wharf;
    beforeAll(async () => {
      wharf = await startWharf(program.file, RULES, undefined, { looksForChildren });
    });
    afterAll(() => wharf.stop());

    test.each([
      ["OCI's types", INDEX_TYPE, OCI_LAYER],
      ["Docker's types", LIST_TYPE, DOCKER_LAYER],
    ])("as an index, with %s", async (title, mediaType, layerType) => {
      const cache = await cacheIndex(title, mediaType, layerType);
      const answer = await wharf.push(cache, "cache");
      if (!takesIndexes) {
        expect([answer.status, errorOf(answer)]).toEqual([
          400,
          {
            code: "MANIFEST_INVALID",
            message:
              "manifest invalid: this registry takes no index of layers: export the cache with image-manifest=true",
          },
        ]);
        expect(await wharf.describe("cache")).toMatchObject({ status: 404 });
        return;
      }
      expect(answer.status).toBe(201);
      const target = `/v2/${REPOSITORY}/manifests/cache`;
      const read = await wharf.ask(["pull"], target, { headers: { Accept: mediaType } });
      expect([read.status, read.body.toString()]).toEqual([200, cache.text]);
      const kept = `v-cache-${layerType.length}`;
      expect((await wharf.push(cache, kept)).status).toBe(201);
      const next = await cacheIndex(`next ${title}`, mediaType, layerType);
      expect((await wharf.push(next, "cache")).status).toBe(201);
      expect((await wharf.push(next, kept)).status).toBe(409);
      // What it names are blobs: nothing is learned of them, and deletions do not wait for them.
      expect((await wharf.push(image(title))).status).toBe(201);
      expect((await wharf.remove(image(title).digest)).status).toBe(202);
      expect((await wharf.remove(next.digest)).status).toBe(202);
    });

    test("as an image works with both", async () => {
      const [layer, config] = await blobs("as an image");
      const content = {
        config: descriptor(CONFIG_TYPE, config),
        layers: [descriptor(OCI_LAYER, layer)],
      };
      expect((await wharf.push(manifestOf(IMAGE_TYPE, content), "image-manifest")).status).toBe(
        201,
      );
    });

    test("that lacks a layer is refused for good, and named", async () => {
      const [layer, config] = [Buffer.from("never sent"), Buffer.from('{"layers":["of nothing"]}')];
      await uploadBlob(wharf.registry.url, config);
      const answer = await wharf.push(indexOf(INDEX_TYPE, OCI_LAYER, layer, config), "lacking");
      expect([answer.status, errorOf(answer)]).toMatchObject([
        404,
        { code: "MANIFEST_BLOB_UNKNOWN", detail: { digest: digestOf(layer) } },
      ]);
    });

    test("is no way to have what is no layer taken for one", async () => {
      const hidden = image("hidden");
      const [, config] = await blobs("hiding");
      // To a registry 2.8 this is a manifest as soon as somebody asks for it as one.
      await uploadBlob(wharf.registry.url, Buffer.from(hidden.text));
      await wharf.push(hidden);
      const cache = indexOf(INDEX_TYPE, OCI_LAYER, Buffer.from(hidden.text), config);
      const answer = await wharf.push(cache, "hiding");
      expect([answer.status, errorOf(answer).message]).toEqual([
        400,
        `manifest invalid: the index names ${hidden.digest} as a layer, and it is a manifest`,
      ]);
      const around = await wharf.push(index("around", cache), "around");
      expect(around.status).toBeGreaterThanOrEqual(400);
      expect(await wharf.atRegistry("around")).toBe(404);
    });

    test.each([
      ["a platform", { platform: { os: "linux", architecture: "amd64" } }],
      ["the type of an image", { mediaType: IMAGE_TYPE }],
    ])("is none where a part has %s", async (title, more) => {
      const [layer, config] = await blobs(title);
      const answer = await wharf.push(indexOf(INDEX_TYPE, OCI_LAYER, layer, config, more), "none");
      expect([answer.status, errorOf(answer).message]).toEqual([
        400,
        `manifest invalid: the index names ${digestOf(layer)}, which is no manifest: it is a blob`,
      ]);
    });

    // A registry of its own: what others have pushed by halves is garbage as well.
    (takesIndexes ? test : test.skip)("keeps its layers when garbage is collected", async () => {
      const own = await startWharf(program.file, RULES, undefined, { looksForChildren });
      try {
        const [kept] = await blobs("kept", own);
        const [needless] = await blobs("needless", own);
        await own.push(await cacheIndex("kept", INDEX_TYPE, OCI_LAYER, own), "kept");
        const file = join(dirname(own.registry.storage ?? ""), "collect.yml");
        const storage = { filesystem: { rootdirectory: own.registry.storage } };
        await writeFile(file, JSON.stringify({ version: "0.1", storage }));
        await promisify(execFile)(program.file, ["garbage-collect", file]);
        const read = (blob: Buffer) =>
          own.ask(["pull"], `/v2/${REPOSITORY}/blobs/${digestOf(blob)}`, { method: "HEAD" });
        expect([(await read(kept)).status, (await read(needless)).status]).toEqual([200, 404]);
      } finally {
        await own.stop();
      }
    });

    async function cacheIndex(name: string, mediaType: string, layerType: string, to = wharf) {
      const [layer, config] = await blobs(name, to);
      return indexOf(mediaType, layerType, layer, config);
    }

    async function blobs(name: string, to = wharf): Promise<[layer: Buffer, config: Buffer]> {
      const layer = Buffer.from(`\u001f\u008b${name}`, "latin1");
      const config = Buffer.from(
        `{"layers":[{"blob":"${digestOf(layer)}","parent":-1}],"records":[]}`,
      );
      for (const blob of [layer, config]) await uploadBlob(to.registry.url, blob);
      return [layer, config];
    }
  },
);

function descriptor(mediaType: string, blob: Buffer) {
  return { mediaType, digest: digestOf(blob), size: blob.length };
}

/** As BuildKit writes it (cache/remotecache/export.go). */
function indexOf(
  mediaType: string,
  layerType: string,
  layer: Buffer,
  config: Buffer,
  more: object = {},
): TestManifest {
  const annotations = {
    "buildkit/createdat": "2026-11-26T18:30:12.123456789Z",
    "containerd.io/uncompressed": digestOf(Buffer.from("uncompressed")),
  };
  const manifests = [
    { ...descriptor(layerType, layer), annotations, ...more },
    descriptor(CONFIG_TYPE, config),
  ];
  return manifestOf(mediaType, { manifests });
}
