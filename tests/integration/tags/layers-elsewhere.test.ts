import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ANY_LAYER_URL } from "#registry-config/settings.js";
import { digestOf } from "#registry-protocol/digest.js";
import { errorOf } from "#tests/support/http-client.js";
import { uploadBlob } from "./support/blobs.js";
import { CONFIG, IMAGE_TYPE, index, REPOSITORY, type TestManifest } from "./support/manifests.js";
import { plantManifest } from "./support/planted.js";
import { registryPrograms } from "./support/registry.js";
import { startWharf, type Wharf } from "./support/wharf.js";

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const OCI_FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const OCI_FOREIGN_ZSTD = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd";
const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const URLS = ["https://mcr.example/v2/windows/blobs/1"];
const THERE = Buffer.from("a layer that was pushed");
const [HERE, NOWHERE] = [digestOf(THERE), digestOf(Buffer.from("a layer that was not"))];

/** Kind of manifest, kind of layer. */
const FOREIGN = [
  ["Docker's foreign layer", DOCKER, DOCKER_FOREIGN],
  ["OCI's non-distributable layer", IMAGE_TYPE, OCI_FOREIGN],
] as const;
const OTHERS = [
  ["Docker's layer", DOCKER, DOCKER_LAYER],
  ["OCI's layer", IMAGE_TYPE, OCI_LAYER],
  ["OCI's non-distributable layer with another compression", IMAGE_TYPE, OCI_FOREIGN_ZSTD],
  ["Docker's foreign layer in OCI's image", IMAGE_TYPE, DOCKER_FOREIGN],
  ["a layer of an unknown kind", IMAGE_TYPE, "x/y"],
] as const;

let names = 0;
const newTag = () => `t-${(names += 1)}`;

describe.each(registryPrograms())("layers from elsewhere, registry $version", (program) => {
  let generated: Wharf;
  let ungenerated: Wharf;
  beforeAll(async () => {
    generated = await startWharf(program.file, [], ANY_LAYER_URL);
    ungenerated = await startWharf(program.file, []);
    for (const { registry } of [generated, ungenerated]) await uploadBlob(registry.url, THERE);
  });
  afterAll(async () => {
    await generated.stop();
    await ungenerated.stop();
  });

  /** Pushes by tag and by digest. @returns both answers */
  const pushBoth = async (wharf: Wharf, manifest: TestManifest) => {
    const answers = [await wharf.push(manifest, newTag()), await wharf.push(manifest)];
    for (const { headers } of answers) expect(headers["retry-after"]).toBeUndefined();
    return answers.map((answer) => ({
      status: answer.status,
      error: answer.status < 300 ? undefined : errorOf(answer),
    }));
  };

  test.each(FOREIGN)("%s is taken, there or not", async (_title, mediaType, layerType) => {
    for (const digest of [HERE, NOWHERE])
      for (const { status } of await pushBoth(generated, image(mediaType, layerType, digest)))
        expect(status).toBe(201);
  });

  test.each(OTHERS)("%s is taken where it is there", async (_title, mediaType, layerType) => {
    for (const { status } of await pushBoth(generated, image(mediaType, layerType, HERE)))
      expect(status).toBe(201);
  });

  test.each(OTHERS)(
    "%s that is not there is refused for good, by name",
    async (_title, mediaType, layerType) => {
      for (const wharf of [generated, ungenerated])
        for (const { status, error } of await pushBoth(
          wharf,
          image(mediaType, layerType, NOWHERE),
        )) {
          expect(status).toBe(400);
          expect(error).toMatchObject({
            code: "MANIFEST_INVALID",
            message: expect.stringContaining("layers[1] is of no kind that may be elsewhere alone"),
            detail: { digest: NOWHERE },
          });
        }
    },
  );

  test.each(FOREIGN)(
    "%s whose URLs the registry does not take is refused for good, by name",
    async (_title, mediaType, layerType) => {
      for (const digest of [HERE, NOWHERE])
        for (const { status, error } of await pushBoth(
          ungenerated,
          image(mediaType, layerType, digest),
        )) {
          expect(status).toBe(400);
          expect(error).toMatchObject({
            code: "MANIFEST_INVALID",
            message: expect.stringContaining("does not take the urls of layers[1]"),
            detail: { digest },
          });
        }
    },
  );

  test("an index of one that stood before is refused for good where the registry would not take that", async () => {
    const stood = image(DOCKER, DOCKER_FOREIGN, NOWHERE);
    for (const [wharf, wanted] of [
      [generated, 201],
      [ungenerated, 400],
    ] as const) {
      await plantManifest(wharf.registry, stood.text);
      const answer = await wharf.push(index("of foreign", stood), newTag());
      expect(answer.status).toBe(wanted);
      if (wanted === 400) expect(errorOf(answer).message).toContain("urls of layers[1]");
    }
  });

  test.each(["prettyjws", "json"])("schema 1 (%s) is refused for good", async (suffix) => {
    const mediaType = `application/vnd.docker.distribution.manifest.v1+${suffix}`;
    const text = JSON.stringify({ schemaVersion: 1, name: REPOSITORY, fsLayers: [], history: [] });
    const manifest = { text, mediaType, digest: digestOf(Buffer.from(text)) };
    for (const { status, error } of await pushBoth(generated, manifest)) {
      expect(status).toBe(400);
      expect(error?.message).toContain("schema 1 is no longer taken");
    }
  });
});

/** An image whose second layer has URLs. */
function image(mediaType: string, layerType: string, digest: string): TestManifest {
  const plainType = mediaType === DOCKER ? DOCKER_LAYER : OCI_LAYER;
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: "application/vnd.docker.container.image.v1+json",
      digest: digestOf(Buffer.from(CONFIG)),
      size: CONFIG.length,
    },
    layers: [
      { mediaType: plainType, digest: digestOf(Buffer.from(CONFIG)), size: CONFIG.length },
      { mediaType: layerType, digest, size: THERE.length, urls: URLS },
    ],
  });
  return { text, mediaType, digest: digestOf(Buffer.from(text)) };
}
