import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { uploadBlob } from "#tests/integration/tags/support/blobs.js";
import {
  image,
  index,
  signatureLayer,
  type TestManifest,
} from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { errorOf } from "#tests/support/http-client.js";
import { EMPTY_CONFIG, IMAGE_TYPE, imageText, INDEX_TYPE } from "#tests/support/manifest-texts.js";

const URLS = ["https://layers.example/a"];
const ABSENT = digestOf(Buffer.from("nobody has this"));
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const NON_DISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar";
const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
const FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

let names = 0;
const newTag = () => `t${(names += 1)}`;

describe.each(registryPrograms())("manifests for two readers, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, []);
  });
  afterAll(() => wharf.stop());

  const [held] = [image("signatures", { layers: ["one", "two"].map(signatureLayer) })];
  const others = image("signatures", { layers: [signatureLayer("mine")] });
  const bytes = (manifest: TestManifest, change: (text: string) => string): TestManifest =>
    manifestOf(change(manifest.text), manifest.mediaType);
  const [inside] = /"layers":(\[.*\]),"annotations"/.exec(held.text)?.slice(1) ?? [];
  const [mine] = /"layers":(\[.*\]),"annotations"/.exec(others.text)?.slice(1) ?? [];
  const layersText = (text: string) => text.replace(`"layers":${inside ?? ""}`, "@");

  // prettier-ignore
  const EMPTYING: readonly (readonly [what: string, offered: () => TestManifest, status: number])[] = [
    ["layers that others read beside layers that the gateway reads", () => bytes(held, (text) => layersText(text).replace("@", `"layers":${inside ?? ""},"Layers":${mine ?? ""}`)), 400],
    ["the same in the other order", () => bytes(held, (text) => layersText(text).replace("@", `"Layers":${mine ?? ""},"layers":${inside ?? ""}`)), 400],
    ["layers twice", () => bytes(held, (text) => layersText(text).replace("@", `"layers":${inside ?? ""},"layers":${mine ?? ""}`)), 400],
    ["layers with a long s", () => bytes(held, (text) => layersText(text).replace("@", `"layers":${inside ?? ""},"layer\u017f":[]`)), 400],
    ["layers with an escaped letter, again", () => bytes(held, (text) => layersText(text).replace("@", `"layers":${inside ?? ""},"\\u006cayers":[]`)), 400],
    ["layers that moved to blobs", () => bytes(held, (text) => layersText(text).replace("@", `"layers":[],"blobs":${inside ?? ""}`)), 400],
    ["layers that moved to children", () => bytes(held, (text) => layersText(text).replace("@", `"layers":[],"manifests":${inside ?? ""}`)), 400],
    ["an index in their place", () => manifestOf(JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { [newTag()]: "" } }), INDEX_TYPE), 409],
    ["a layer of another media type", () => bytes(held, (text) => text.replace("simplesigning", "other")), 409],
    ["a layer of another size", () => bytes(held, (text) => layersText(text).replace("@", `"layers":${inside?.replace(/"size":2/, '"size":3') ?? ""}`)), 409],
    ["an artifact type", () => bytes(held, (text) => text.replace('"config"', '"artifactType":"x/y","config"')), 409],
    ["a signature less", () => others, 409],
  ];

  test.each(EMPTYING)(
    "a tag that may only grow keeps its signatures when somebody pushes %s",
    async (_what, offered, status) => {
      const tag = `${digestOf(Buffer.from(newTag())).replace(":", "-")}.sig`;
      expect((await wharf.push(held, tag)).status).toBe(201);
      const answer = await wharf.push(offered(), tag);
      expect(answer.status).toBe(status);
      expect(errorOf(answer).code).toBe(status === 400 ? "MANIFEST_INVALID" : "DENIED");
      expect((await wharf.describe(tag)).body).toMatchObject({ digest: held.digest });
    },
  );

  test("a list of referrers is not replaced by an image that carries one", async () => {
    const child = image("referrer");
    await wharf.push(child);
    const tag = digestOf(Buffer.from(newTag())).replace(":", "-");
    const list = index("referrers", child);
    expect((await wharf.push(list, tag)).status).toBe(201);
    const { manifests } = JSON.parse(list.text) as { manifests: object[] };
    const answer = await wharf.push(manifestOf(imageText({ manifests })), tag);
    expect(answer.status).toBe(400);
    expect((await wharf.push(manifestOf(imageText({ n: newTag() })), tag)).status).toBe(409);
  });

  test("a tag that stands past the gateway, and is read in two ways, is never replaced", async () => {
    const tag = `${digestOf(Buffer.from(newTag())).replace(":", "-")}.sig`;
    const [one] = EMPTYING.slice(0, 1).map(([, offered]) => offered());
    if (one === undefined) throw new Error("there is none");
    await wharf.writeAtRegistry(one, tag);
    const answer = await wharf.push(image("signatures", { layers: [signatureLayer("more")] }), tag);
    expect(answer.status).toBe(409);
    expect(errorOf(answer).message).toContain("it may only grow");
  });

  test.each(["Manifests", "MANIFESTS", "manife\u017fts", "\\u006danifests"])(
    "a child that an index names as %s is refused, and one that stood before is not deleted",
    async (key) => {
      const child = image(`child of ${key}`);
      await wharf.push(child);
      const outer = bytes(index("x", child), (text) =>
        text.replace('"manifests"', `"${key}"`).replace('"x"', `"${newTag()}"`),
      );
      const isPlain = JSON.parse(`"${key}"`) === "manifests";
      expect((await wharf.push(outer, newTag())).status).toBe(isPlain ? 201 : 400);
      const tag = newTag();
      await wharf.writeAtRegistry(outer, tag);
      const removed = await wharf.remove(child.digest);
      expect(removed.status).toBe(409);
      expect(errorOf(removed).message).toContain("tags still need this manifest");
      expect(await wharf.atRegistry(child.digest)).toBe(200);
    },
  );

  test("what the ledger read when it read less strictly is read again before a deletion", async () => {
    const child = image("child of before");
    await wharf.push(child);
    const outer = bytes(index("before", child), (text) =>
      text.replace('"manifests"', '"Manifests"'),
    );
    const tag = newTag();
    await wharf.writeAtRegistry(outer, tag);
    await wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${tag}`);
    await wharf.db.query(
      `insert into ledger.manifest (repository, digest, media_type, content, parsed_at)
       values ($1, $2, $3, $4, clock_timestamp())`,
      [REPOSITORY, outer.digest, INDEX_TYPE, Buffer.from(outer.text)],
    );
    expect((await wharf.remove(child.digest)).status).toBe(409);
  });

  // prettier-ignore
  const OF_NOTHING: readonly (readonly [what: string, manifest: TestManifest, status: number])[] = [
    ["a layer that is elsewhere", manifestOf(imageText({ layers: [layer({ urls: URLS })] })), 400],
    ["a layer of an unknown type that is elsewhere", manifestOf(imageText({ layers: [layer({ urls: URLS, mediaType: "x/y" })] })), 400],
    ["a layer whose compression hides its URLs from the registry", manifestOf(imageText({ layers: [layer({ urls: URLS, mediaType: `${NON_DISTRIBUTABLE}+zstd` })] })), 400],
    ["a foreign layer in an image of another kind", manifestOf(imageText({ layers: [layer({ urls: URLS, mediaType: FOREIGN })] })), 400],
    ["a foreign layer with URLs that the registry does not allow", manifestOf(imageText({ mediaType: DOCKER_IMAGE, layers: [layer({ urls: URLS, mediaType: FOREIGN })] }), DOCKER_IMAGE), 400],
    ["a foreign layer without URLs", manifestOf(imageText({ mediaType: DOCKER_IMAGE, layers: [layer({ mediaType: FOREIGN })] }), DOCKER_IMAGE), 400],
    ["a non-distributable layer with URLs that the registry does not allow", manifestOf(imageText({ layers: [layer({ urls: URLS, mediaType: NON_DISTRIBUTABLE })] })), 400],
    ["a configuration that is elsewhere", manifestOf(imageText({ config: layer({ urls: URLS, mediaType: NON_DISTRIBUTABLE }) })), 400],
    ["a configuration that is nowhere", manifestOf(imageText({ config: layer() })), 400],
    ["no configuration", manifestOf(JSON.stringify({ schemaVersion: 2, layers: [] })), 400],
    ["a child that is elsewhere", manifestOf(JSON.stringify({ schemaVersion: 2, manifests: [layer({ urls: URLS })] }), INDEX_TYPE), 400],
    ["a child that is nowhere", manifestOf(JSON.stringify({ schemaVersion: 2, manifests: [layer()] }), INDEX_TYPE), 404],
    ["the withdrawn kind of artifact", manifestOf(JSON.stringify({ blobs: [layer()] }), "application/vnd.oci.artifact.manifest.v1+json"), 400],
    ["children without end of a list", manifestOf('{"schemaVersion":2}', INDEX_TYPE), 400],
  ];

  test.each(OF_NOTHING)(
    "there is no immutable tag of nothing, with %s: a final answer, and the tag stays free",
    async (_what, manifest, status) => {
      const tag = newTag();
      const answer = await wharf.push(manifest, tag);
      expect([answer.status, errorOf(answer).code]).toEqual([
        status,
        expect.stringMatching(/^MANIFEST_/),
      ]);
      expect((await wharf.push(manifest)).status).toBe(status);
      expect((await wharf.push(image(tag), tag)).status).toBe(201);
    },
  );

  test("nor with a child that is only a blob", async () => {
    const blobs = [
      ["no JSON", "no manifest"],
      ["{}", "no manifest"],
      ["x".repeat(5 * 1024 * 1024), "no manifest"],
      [imageText({ layers: [layer()] }), "does not have all that it needs"],
    ] as const;
    for (const [text, why] of blobs) {
      await uploadBlob(wharf.registry.url, Buffer.from(text));
      const child = manifestOf(text);
      const nested = index("nested", child);
      await uploadBlob(wharf.registry.url, Buffer.from(nested.text));
      for (const outer of [index(newTag(), child), index(newTag(), nested)]) {
        const tag = newTag();
        const answer = await wharf.push(outer, tag);
        expect([400, 404]).toContain(answer.status);
        if (program.version.startsWith("2.")) expect(errorOf(answer).message).toContain(why);
        expect((await wharf.push(image(tag), tag)).status).toBe(201);
      }
    }
  });

  test("nor with one of those that the ledger has got to know by an attempt to delete it", async () => {
    const subject = image("subject");
    await wharf.push(subject, newTag());
    const blob = manifestOf(imageText({ layers: [layer()], subject: descriptorOf(subject) }));
    await uploadBlob(wharf.registry.url, Buffer.from(blob.text));
    expect([404, 409]).toContain((await wharf.remove(blob.digest)).status);
    // A registry 3 knows that it is a blob, a registry 2.8 takes it for a manifest that lacks a part.
    expect((await wharf.push(index("of it", blob), newTag())).status).toBe(
      program.deletesTags ? 400 : 404,
    );
  });

  test("images that stood before may be put into an index, at any depth", async () => {
    const [child, inner] = [image("stood before"), image("stood below")];
    const nested = index("stood around", inner);
    for (const manifest of [child, inner, nested]) await wharf.writeAtRegistry(manifest);
    const tag = newTag();
    expect((await wharf.push(index("all", child, nested), tag)).status).toBe(201);
    expect((await wharf.remove(inner.digest)).status).toBe(409);
  });

  test("but not those that are read in two ways", async () => {
    const odd = bytes(image("odd"), (text) => text.replace('"layers"', '"Layers":[],"layers"'));
    await wharf.writeAtRegistry(odd);
    const answer = await wharf.push(index("of odd", odd), newTag());
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      message: expect.stringContaining('the key "Layers"'),
      detail: { digest: odd.digest },
    });
  });

  test("a name with a NUL or half of a surrogate pair reaches neither ledger nor registry", async () => {
    for (const odd of ["\\u0000", "\\ud800"]) {
      const text = imageText({ annotations: { name: "@" } }).replace("@", odd);
      expect((await wharf.push(manifestOf(text), newTag())).status).toBe(400);
    }
  });
});

function layer(more: object = {}) {
  return { mediaType: LAYER, digest: ABSENT, size: 3, ...more };
}

function manifestOf(text: string, mediaType = IMAGE_TYPE): TestManifest {
  return { text, digest: digestOf(Buffer.from(text)), mediaType };
}

function descriptorOf({ digest, mediaType, text }: TestManifest) {
  return { ...EMPTY_CONFIG, mediaType, digest, size: Buffer.byteLength(text) };
}
