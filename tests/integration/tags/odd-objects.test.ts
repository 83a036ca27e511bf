import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { readManifest } from "#gateway/ledger/sql/store-manifest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { errorOf } from "#tests/support/http-client.js";
import { uploadBlob } from "./support/blobs.js";
import { image, REPOSITORY } from "./support/manifests.js";
import { cacheIndex, plantManifest, schema1 } from "./support/planted.js";
import { registryPrograms } from "./support/registry.js";
import { startWharf, type Wharf } from "./support/wharf.js";

const RULES = [
  { id: "kept", effect: "immutable", tags: ["kept-*"] },
  { id: "all", effect: "mutable" },
] as const;
const LAYER = Buffer.from("a layer, which is no JSON");
const JSON_BLOB = Buffer.from("{}");
const BLOBS = [LAYER, JSON_BLOB].map((blob) => ({ digest: digestOf(blob), size: blob.length }));
const [LAYER_DIGEST] = [digestOf(LAYER)];
/** What registries of one line or both can neither give out nor name. */
const ODD: readonly (readonly [title: string, content: string])[] = [
  ["an image of schema 1", schema1("odd", LAYER_DIGEST)],
  ["half of a manifest", '{"schemaVersion": 2, "mediaTy'],
  ["nothing at all", ""],
  [
    "a withdrawn kind of manifest",
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.artifact.manifest.v1+json"}',
  ],
];

describe.each(registryPrograms())("objects that cannot be read, registry $version", (program) => {
  const reads1 = !program.deletesTags;
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, RULES);
    for (const blob of [LAYER, JSON_BLOB]) await uploadBlob(wharf.registry.url, blob);
  });
  afterAll(() => wharf.stop());

  const read = (reference: string, method = "GET") =>
    wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${reference}`, { method });
  /** Pushes an image that nothing needs, by digest, and deletes it. */
  const deletesOthers = async (name: string) => {
    const other = image(`other than ${name}`);
    expect((await wharf.push(other)).status).toBe(201);
    return wharf.remove(other.digest);
  };

  test.each(ODD)("%s blocks no deletion of others", async (title, content) => {
    await plantManifest(wharf.registry, content, { tag: `odd-${content.length}` });
    const answer = await deletesOthers(title);
    expect([answer.status, answer.body.toString()]).toEqual([202, ""]);
  });

  test("a build cache blocks no deletion of others: its layers are blobs", async () => {
    await plantManifest(wharf.registry, cacheIndex(BLOBS), { tag: "cache" });
    expect((await deletesOthers("the cache")).status).toBe(202);
    const Accept = "application/vnd.oci.image.index.v1+json";
    const target = `/v2/${REPOSITORY}/manifests/cache`;
    expect((await wharf.ask(["pull"], target, { headers: { Accept } })).status).toBe(200);
    expect((await wharf.remove("cache")).status).toBe(202);
  });

  test("bytes with another digest block no deletion of others", async () => {
    const { text } = image("changed on disk");
    const digest = digestOf(Buffer.from("what it was"));
    await plantManifest(wharf.registry, text, { tag: "changed", digest });
    expect((await deletesOthers("changed bytes")).status).toBe(202);
  });

  test.each(["GET", "HEAD"])("%s of what is no manifest is a final 404", async (method) => {
    const tagged = await plantManifest(wharf.registry, "[1]", { tag: "list" });
    for (const reference of ["list", tagged, ...BLOBS.map(({ digest }) => digest)]) {
      const answer = await read(reference, method);
      expect(answer.status).toBe(404);
      expect(answer.headers["retry-after"]).toBeUndefined();
      if (method === "GET") expect(errorOf(answer).code).toBe("MANIFEST_UNKNOWN");
    }
    if (method === "GET") expect(errorOf(await read("list")).message).toMatch(/cannot read it/);
  });

  test("an image of schema 1 is given out where the registry does, else named as such", async () => {
    const digest = await plantManifest(wharf.registry, schema1("1", LAYER_DIGEST), { tag: "s1" });
    for (const reference of ["s1", digest]) {
      const answer = await read(reference);
      if (reads1)
        expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([200, digest]);
      else expect(errorOf(answer).message).toMatch(/cannot read it: .*schema version 1/);
    }
  });

  test("what the registry signs anew each time is learned as what its digest is of", async () => {
    const content = schema1("signed", LAYER_DIGEST);
    const digest = await plantManifest(wharf.registry, content, { tag: "signed" });
    expect((await deletesOthers("signed")).status).toBe(202);
    const kept = await readManifest(wharf.db, parseRepositoryName(REPOSITORY), digest);
    expect(kept?.content.toString()).toBe(reads1 ? content : undefined);
  });

  test("a tag that cannot be read is deleted, on record, and its name is free again", async () => {
    await plantManifest(wharf.registry, schema1("gone", LAYER_DIGEST), { tag: "gone" });
    expect((await wharf.remove("gone")).status).toBe(202);
    expect((await wharf.audited("tag.deleted")).at(-1)).toMatchObject({ tag: "gone" });
    expect((await read("gone")).status).toBe(404);
    expect((await wharf.push(image("after gone"), "gone")).status).toBe(201);
  });

  test("a tag that the rules keep is neither deleted nor replaced", async () => {
    await plantManifest(wharf.registry, schema1("kept", LAYER_DIGEST), { tag: "kept-1" });
    expect((await wharf.remove("kept-1")).status).toBe(403);
    const answer = await wharf.push(image("instead"), "kept-1");
    expect([answer.status, errorOf(answer).message]).toEqual([
      409,
      expect.stringMatching(/^tag already exists/),
    ]);
    await plantManifest(wharf.registry, '{"schemaVersion": 2, "mediaTy', { tag: "kept-2" });
    expect((await wharf.push(image("instead"), "kept-2")).status).toBe(409);
    expect((await wharf.audited("tag.refused")).at(-1)).toMatchObject({
      ...{ tag: "kept-2", reason: "tag-unreadable" },
      detail: { rule: "kept", registry: expect.any(String) },
    });
  });

  test("a tag that may change may be replaced", async () => {
    await plantManifest(wharf.registry, schema1("moving", LAYER_DIGEST), { tag: "moving" });
    const instead = image("moved");
    expect((await wharf.push(instead, "moving")).status).toBe(201);
    expect(await wharf.atRegistry("moving")).toBe(200);
  });

  test.each(ODD)(
    "%s that a tag means is kept by digest, whether or not it can be read",
    async (_title, odd) => {
      const content = odd === "" ? " " : odd.replace("{", "{ ");
      const tag = `kept-needs-${content.length}`;
      const digest = await plantManifest(wharf.registry, content, { tag });
      const answer = await wharf.remove(digest);
      expect(errorOf(answer)).toMatchObject({ detail: { tags: [tag] } });
    },
  );

  test("what cannot be read is deleted by digest with a tag that may go", async () => {
    const digest = await plantManifest(wharf.registry, schema1("going", LAYER_DIGEST), {
      tag: "going",
    });
    expect((await wharf.remove(digest)).status).toBe(202);
    expect((await read("going")).status).toBe(404);
    expect(await wharf.atRegistry("going")).toBe(404);
  });

  test("what cannot be read and no tag means is deleted by digest, on record", async () => {
    const digest: Digest = await plantManifest(wharf.registry, schema1("untagged", LAYER_DIGEST));
    expect((await wharf.remove(digest)).status).toBe(202);
    expect((await wharf.audited("manifest.deleted")).at(-1)).toMatchObject({ digest });
    expect((await read(digest)).status).toBe(404);
    expect((await wharf.remove(digest)).status).toBe(404);
  });

  test("an index cannot name what is no manifest, and is told so for good", async () => {
    const digest = await plantManifest(wharf.registry, schema1("child", LAYER_DIGEST));
    for (const child of [digest, LAYER_DIGEST]) {
      const text = JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: [
          { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: child, size: 3 },
        ],
      });
      const mediaType = "application/vnd.oci.image.index.v1+json";
      const answer = await wharf.push(
        { text, mediaType, digest: digestOf(Buffer.from(text)) },
        "naming",
      );
      expect([answer.status, errorOf(answer).code]).toEqual([400, "MANIFEST_INVALID"]);
      expect(errorOf(answer).message).toContain(child);
    }
  });
});
