import { expect, test } from "@jest/globals";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { heldByLedger } from "#gateway/proxy/held-by-ledger.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { MANIFEST_BOUNDS } from "#registry-protocol/manifest/bounds.js";
import { readManifest } from "#registry-protocol/manifest/read-manifest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { imageText, IMAGE_TYPE, INDEX_TYPE, readingOf } from "#tests/support/manifest-texts.js";
import { useLedger } from "#tests/support/use-ledger.js";

const REPOSITORY = parseRepositoryName("alpha/app");
const SHA512 = "sha512:" as Digest;

let ledger: StartedLedger;
useLedger((started) => {
  ledger = started;
});

/** @returns a child's descriptor, of an image that the ledger has by sha512 */
async function stored(name: string): Promise<object> {
  const content = Buffer.from(imageText({ annotations: { name } }));
  const digest = digestOf(content, SHA512);
  const manifest = { digest, content, mediaType: IMAGE_TYPE, reading: readingOf(content) };
  await storeManifest(ledger.db, REPOSITORY, manifest, "checked");
  return { mediaType: IMAGE_TYPE, digest, size: content.length };
}

const by = (name: string, like?: Digest) => ({
  ...{ mediaType: IMAGE_TYPE, digest: digestOf(Buffer.from(name), like), size: name.length },
});

/** What becomes of the registry's answer to an index of these, of which it has those by sha256 that are said. */
async function verdictOn(
  status: number,
  children: readonly object[],
  has = false,
): Promise<number> {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: children });
  const upstream = { hasManifest: () => Promise.resolve(has) };
  const answer = { status, headers: new Headers(), body: Buffer.from("the registry's") };
  const deps = { db: ledger.db, upstream };
  const reading = atOnce(readManifest(Buffer.from(text), INDEX_TYPE, MANIFEST_BOUNDS));
  return (await heldByLedger(deps, REPOSITORY, reading, answer)).status;
}

test("an index that the registry refuses for children that the ledger has by sha512 is kept", async () => {
  expect(await verdictOn(404, [await stored("kept")])).toBe(201);
  expect(await verdictOn(400, [await stored("kept too"), by("there")], true)).toBe(201);
});

test.each([401, 500, 503, 302, 201])(
  "an answer that is no verdict on what the index names stays as it is: %i",
  async (status) => {
    expect(await verdictOn(status, [await stored(`not decided, ${status}`)])).toBe(status);
  },
);

test("what the registry refuses stays refused where a child is missing, or all are its own to know", async () => {
  const there = await stored("there");
  expect(await verdictOn(404, [there, by("nowhere", SHA512)])).toBe(404);
  expect(await verdictOn(404, [there, by("not at the registry")], false)).toBe(404);
  expect(await verdictOn(404, [by("the registry's own")], true)).toBe(404);
});
