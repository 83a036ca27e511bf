import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { listBases, listBuiltOn, type RelatedAsked } from "#gateway/catalog/base-images.js";
import { openCatalog, type Catalog } from "#gateway/catalog/catalog.js";
import { layerNames } from "#gateway/catalog/sql/base-images.js";
import { digestOf } from "#registry-protocol/digest.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { ALL, allPages, viewOf as view } from "#tests/support/views.js";

let ledger: StartedLedger;
let catalog: Catalog;
useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  catalog = openCatalog({ db: ledger.db, log: SILENT });
});

const layer = (name: string) => digestOf(Buffer.from(name));
const layersOf = (names: string) => names.split("").map(layer);

/** An image whose layers are named by a letter each, the lowest first. */
async function put(repository: string, tag: string, names: string): Promise<string> {
  const manifest = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json" },
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: layer(tag), size: 1 },
    layers: layersOf(names).map((digest) => ({
      ...{ mediaType: "application/vnd.oci.image.layer.v1.tar", size: 1, digest },
    })),
  });
  return store(repository, tag, manifest);
}

async function store(repository: string, tag: string, manifest: string): Promise<string> {
  const digest = digestOf(Buffer.from(manifest));
  await ledger.db.query(
    "insert into ledger.manifest (repository, digest, media_type, content) values ($1, $2, 'x', $3) on conflict do nothing",
    [repository, digest, Buffer.from(manifest)],
  );
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at) values ($1, $2, $3, 'alice', now())`,
    [repository, tag, digest],
  );
  return digest;
}

async function found(list: typeof listBases, names: string, of = ALL, limit = 2) {
  const pages = await allPages((after: RelatedAsked["after"]) =>
    list(catalog, of, { layers: layersOf(names), limit, ...(after && { after }) }),
  );
  return pages.map((items) =>
    items.map(({ repository, tags }) => `${repository}:${tags.join("+")}`),
  );
}

describe("images with lower layers in common", () => {
  beforeEach(async () => {
    await put("base/os", "12", "a");
    await put("base/node", "24", "ab");
    await put("base/node", "24-again", "ab");
    await put("alpha/app", "1.0", "abc");
    await put("alpha/app", "1.1", "abd");
    await put("beta/other", "1.0", "b");
    await put("hidden/app", "1.0", "abx");
    await put("hidden/os", "12", "a");
  });

  test("those that an image is built on come with the most layers first, page by page", async () => {
    expect(await found(listBases, "abc", view("+base/**", "+alpha/**"))).toEqual([
      ["base/node:24-again", "base/node:24"],
      ["base/os:12"],
    ]);
    expect((await found(listBases, "a")).flat()).toEqual([]);
    expect((await found(listBases, "bc")).flat()).toEqual(["beta/other:1.0"]);
  });

  test("those that are built on it come newest first, and none with the same layers alone", async () => {
    const own = view("+base/**", "+alpha/**");
    expect(await found(listBuiltOn, "ab", own, 1)).toEqual([["alpha/app:1.1"], ["alpha/app:1.0"]]);
    expect((await found(listBuiltOn, "a", own)).flat()).toEqual([
      ...["alpha/app:1.1", "alpha/app:1.0", "base/node:24-again", "base/node:24"],
    ]);
    expect((await found(listBuiltOn, "abc")).flat()).toEqual([]);
  });

  test("nothing is said of images in repositories that the caller may not know of", async () => {
    expect((await found(listBuiltOn, "ab", ALL)).flat()).toContain("hidden/app:1.0");
    for (const list of [listBases, listBuiltOn])
      for (const names of ["a", "ab", "abx"])
        expect((await found(list, names, view("+base/**"))).flat().join(" ")).not.toContain(
          "hidden",
        );
  });

  test("what was deleted is none of them, and what an index has is found by the tags of that", async () => {
    const { db } = ledger;
    const digest = await put("alpha/app", "arm", "abe");
    await db.query(
      "update ledger.tag set deleted_at = now(), deleted_by = 'alice' where name = 'arm'",
    );
    await store("alpha/app", "2.0", JSON.stringify({ manifests: [{ digest }] }));
    const index = digestOf(Buffer.from(JSON.stringify({ manifests: [{ digest }] })));
    await db.query(
      `insert into ledger.manifest_link (repository, digest, children)
       values ('alpha/app', $1, array[ledger.digest_bytes($2)])`,
      [index, digest],
    );
    await db.query(
      "update ledger.manifest set deleted_at = now(), deleted_by = 'alice' where repository = 'alpha/app' and digest = (select digest from ledger.tag where repository = 'alpha/app' and name = '1.0')",
    );
    expect((await found(listBuiltOn, "ab", view("+alpha/**"))).flat()).toEqual([
      ...["alpha/app:2.0", "alpha/app:1.1"],
    ]);
  });
});

test("a page for whoever may know of few of very many is short, and those that follow have the rest", async () => {
  await put("alpha/app", "1.0", "ab");
  for (let from = 0; from < 5_500; from += 500)
    await ledger.db.query(
      `insert into ledger.manifest (repository, digest, media_type, content)
       select 'hidden/app', 'sha256:' || i, 'x', convert_to(json_build_object('config', json_build_object('digest', i::text),
         'layers', json_build_array(json_build_object('digest', $1::text), json_build_object('digest', 'l' || i)))::text, 'UTF8')
       from generate_series($2::int, $2 + 499) as i`,
      [layer("a"), from],
    );
  const pages = await found(listBuiltOn, "a", view("+alpha/**"), 10);
  expect(pages).toEqual([[], ["alpha/app:1.0"]]);
});

describe("layers are named", () => {
  test("by their order, and by all that lie below", async () => {
    const names = async (letters: string) => (await layerNames(ledger.db, layersOf(letters))) ?? [];
    const [ab, abc, ba] = [await names("ab"), await names("abc"), await names("ba")];
    expect(abc.slice(0, 2)).toEqual(ab);
    expect(new Set([...ab, ...ba]).size).toBe(4);
  });

  test.each([
    ["none", 0],
    ["more than any engine runs", 129],
  ])("not at all where there are %s", async (_, count) => {
    const many = Array.from({ length: count }, (__, i) => layer(String(i)));
    expect(await layerNames(ledger.db, many)).toBeNull();
  });

  test.each([
    "{}",
    "[]",
    '{"layers":[{"digest":"x"}]}',
    '{"config":{},"layers":"x"}',
    '{"config":{},"layers":[{"digest":1}]}',
    '{"config":{},"layers":[null]}',
    "no json",
  ])("in nothing that is no image: %s", async (manifest) => {
    await store("alpha/app", "odd", manifest);
    const { rows } = await ledger.db.query("select from ledger.image_layers");
    expect(rows).toHaveLength(0);
  });
});

test("images from before are known by the migration, whether or not they are pushed meanwhile", async () => {
  const { db } = ledger;
  await put("base/os", "12", "a");
  await put("alpha/app", "1.0", "ab");
  const state = () =>
    db
      .query(
        `select image.repository, image.layers, image.whole, array(select part from ledger.image_part where image = image.id) as parts
         from ledger.image_layers as image order by repository`,
      )
      .then(({ rows }) => rows);
  const before = await state();
  await db.query("truncate ledger.image_layers, ledger.image_part");
  const file = join(REPOSITORY_ROOT, "gateway/sql/000215_earlier_layers.sql");
  const sql = await readFile(file, "utf8");
  for (let again = 0; again < 2; again += 1) await db.query(sql);
  expect(await state()).toEqual(before);
});
