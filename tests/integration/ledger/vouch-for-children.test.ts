import { beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import type { ExchangeOf } from "#gateway/proxy/exchange.js";
import { MAX_MANIFEST_BYTES } from "#gateway/proxy/manifest-body.js";
import { putWithChildren } from "#gateway/proxy/put-with-children.js";
import { vouchForChildren } from "#gateway/proxy/vouch-for-children.js";
import type { Upstream } from "#gateway/upstream/upstream.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT } from "#tests/support/ledger.js";
import {
  EMPTY_CONFIG,
  IMAGE_TYPE,
  imageText,
  INDEX_TYPE,
  readingOf,
} from "#tests/support/manifest-texts.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const repository = parseRepositoryName("alpha/app");
const SHA512 = `sha512:${"0".repeat(128)}` as Digest;
const exchange = {
  ...{ request: { repository }, caller: { subject: "alice" } },
  context: { client: { address: "203.0.113.9" }, requestId: "1" },
} as ExchangeOf<"manifest.put-by-tag">;
/** What all images here have for one. */
const CONFIGURATION = EMPTY_CONFIG.digest;
const NEVER = new AbortController().signal;

let db: Database;
/** What the registry has as manifests, and as blobs under other names. */
let manifests: Map<Digest, StoredManifest>;
let blobs: Map<Digest, number>;
let puts: Digest[];

useLedger((started) => {
  ({ db } = started);
});
beforeEach(() => {
  manifests = new Map();
  blobs = new Map();
  puts = [];
});

function manifestOf(text: string, like?: Digest): StoredManifest {
  const content = Buffer.from(text);
  const reading = readingOf(content);
  const mediaType = reading.kind === "index" ? INDEX_TYPE : IMAGE_TYPE;
  return { digest: digestOf(content, like), mediaType, content, reading };
}

const image = (name: string, like?: Digest) =>
  manifestOf(imageText({ annotations: { name } }), like);
const indexOf = (...children: readonly StoredManifest[]) =>
  manifestOf(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType: INDEX_TYPE },
      manifests: children.map(({ digest, mediaType }) => ({ mediaType, digest, size: 1 })),
    }),
  );

function there(...some: readonly StoredManifest[]): void {
  for (const one of some) {
    manifests.set(one.digest, one);
    blobs.set(one.digest, one.content.length);
  }
}

/** @returns a registry that has what is there, and whose answers to some questions are others */
function registry(changed: Partial<Upstream> = {}): Upstream {
  const has = (of: Digest) => Promise.resolve(manifests.has(of));
  const reads: Partial<Upstream> = {
    blobSize: (_repository, of) => Promise.resolve(blobs.get(of) ?? null),
    hasManifest: (_repository, of) => has(of),
    getManifest: (_repository, of) => Promise.resolve(manifests.get(of) ?? null),
    putManifest: ({ reference: { digest }, content }) => {
      if (digest !== undefined) puts.push(digest);
      there(manifestOf(content.toString()));
      return Promise.resolve({ status: 201, headers: new Headers(), body: Buffer.alloc(0) });
    },
    ...changed,
  };
  return reads as Upstream;
}

const answering = (status: number) =>
  registry({
    putManifest: () =>
      Promise.resolve({ status, headers: new Headers(), body: Buffer.from('{"errors":[]}') }),
  });
const vouch = (pushed: StoredManifest, upstream = registry(), gone = NEVER) =>
  vouchForChildren({ db, upstream }, exchange, pushed.reading as Manifest, gone);
const checked = async () =>
  (
    await db.query<{ digest: Digest }>(
      "select digest from ledger.manifest where checked_at is not null order by digest",
    )
  ).rows.map(({ digest }) => digest);
const sorted = (...some: StoredManifest[]) => some.map(({ digest }) => digest).sort();

describe("what an index names and the ledger has not seen pushed as a manifest", () => {
  test("is pushed as one first, from below, and then known", async () => {
    const [one, two] = [image("one"), image("two")];
    const inner = indexOf(one);
    there(one, two, inner);
    await vouch(indexOf(inner, two));
    expect(puts).toEqual([one.digest, inner.digest, two.digest]);
    expect(await checked()).toEqual(sorted(one, two, inner));
    await vouch(indexOf(inner, two));
    expect(puts).toHaveLength(3);
  });

  test("of an image there is nothing, and the registry is not asked", async () => {
    await vouch(image("one"), registry({ blobSize: () => Promise.reject(new Error("asked")) }));
  });

  test("is not looked at for a client that has gone", async () => {
    there(image("one"));
    await expect(
      vouch(indexOf(image("one")), registry(), AbortSignal.abort()),
    ).rejects.toMatchObject({ code: "BODY_INCOMPLETE" });
    expect(puts).toEqual([]);
  });

  test("is no more than one push may look at: the next one goes on from there", async () => {
    const children = Array.from({ length: 481 }, (_, n) => image(String(n)));
    there(...children);
    await expect(vouch(indexOf(...children))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("still being looked at"),
    });
    expect(puts).toHaveLength(480);
    await vouch(indexOf(...children));
    expect(puts).toHaveLength(481);
  });

  test("is refused where it is not there, is a blob, is too large for a manifest, or is read by some alone", async () => {
    const child = image("one");
    await expect(vouch(indexOf(child))).rejects.toMatchObject({ code: "MANIFEST_PART_UNKNOWN" });
    blobs.set(child.digest, 10);
    await expect(vouch(indexOf(child))).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringContaining("it is a blob"),
    });
    there(child);
    blobs.set(child.digest, MAX_MANIFEST_BYTES + 1);
    await expect(vouch(indexOf(child))).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringContaining("too large"),
    });
    blobs.set(child.digest, MAX_MANIFEST_BYTES);
    const unclear = { kind: "unclear", reason: "it says two things", children: [], subjects: [], blobs: [] } as const; // prettier-ignore
    manifests.set(child.digest, { ...child, reading: unclear });
    await expect(vouch(indexOf(child))).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringContaining("it says two things"),
    });
    expect(puts).toEqual([]);
    manifests.set(child.digest, child);
    await vouch(indexOf(child));
  });

  test("is refused where the registry cannot read it, or does not take it; what it fails at is not decided", async () => {
    const child = image("one");
    there(child);
    const unreadable = registry({ getManifest: () => Promise.reject(new Unreadable("cut")) });
    await expect(vouch(indexOf(child), unreadable)).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
    });
    await expect(vouch(indexOf(child), answering(400))).rejects.toMatchObject({
      code: "MANIFEST_PART_UNKNOWN",
    });
    for (const status of [401, 500, 503])
      await expect(vouch(indexOf(child), answering(status))).rejects.toMatchObject({
        code: "UNAVAILABLE",
      });
    const away = () => Promise.reject(new Error("reset"));
    for (const changed of [{ blobSize: away }, { getManifest: away }, { putManifest: away }])
      await expect(vouch(indexOf(child), registry(changed))).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: "the registry cannot be asked for what the index needs; push again",
      });
    expect(await checked()).toEqual([]);
  });

  test("is refused where the ledger has seen what it names, and the registry has lost that", async () => {
    const child = image("one");
    await storeManifest(db, repository, child, "checked");
    const inner = indexOf(child);
    there(inner);
    await expect(vouch(indexOf(inner))).rejects.toMatchObject({
      code: "MANIFEST_PART_UNKNOWN",
      detail: { digest: inner.digest },
    });
    expect(puts).toEqual([]);
  });

  test("is refused where it has urls that the registry does not take", async () => {
    const layer = { mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar", size: 1 };
    const digest = digestOf(Buffer.from("layer"));
    const child = manifestOf(
      imageText({ layers: [{ ...layer, digest, urls: ["https://example.org/layer"] }] }),
    );
    there(child);
    const body = Buffer.from(
      JSON.stringify({ errors: [{ code: "MANIFEST_BLOB_UNKNOWN", detail: digest }] }),
    );
    const refusing = registry({
      putManifest: () => Promise.resolve({ status: 500, headers: new Headers(), body }),
    });
    await expect(vouch(indexOf(child), refusing)).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
    });
  });
});

describe("what an index names that the registry has lost", () => {
  const { actor } = tagPush("x");
  const put = (pushed: StoredManifest, changed: Partial<Upstream> = {}) => {
    const upstream = registry(changed);
    const deps = {
      ...{ db, upstream, audit: recordAudit, log: SILENT, newReservation: () => actor.requestId },
      counts: { growth: () => undefined },
      waiting: { pause: () => Promise.resolve(), bounds: BOUNDS },
    };
    const reading = pushed.reading as Manifest;
    return putWithChildren(deps, { repository, actor, reading, gone: NEVER }, () =>
      Promise.resolve({ status: 201, headers: new Headers(), body: Buffer.alloc(0) }),
    );
  };
  const knownByLedger = (...some: StoredManifest[]) =>
    Promise.all(some.map((one) => storeManifest(db, repository, one, "checked")));

  test("is put back from the ledger, and what stands is left alone", async () => {
    const [lost, stands] = [image("lost"), image("stands")];
    await knownByLedger(lost, stands);
    there(stands);
    blobs.set(CONFIGURATION, 2);
    expect((await put(indexOf(lost, stands))).status).toBe(201);
    expect(puts).toEqual([lost.digest]);
  });

  test("is named where the ledger does not have it either, and nothing is sent", async () => {
    const answer = await put(indexOf(image("lost")));
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).toContain(image("lost").digest);
  });

  test("is put back from below, and not where the registry lacks a blob of it", async () => {
    const below = image("below");
    const inner = indexOf(below);
    await knownByLedger(below, inner);
    // All that there is at the registry are configurations; of this one not even that.
    expect((await put(indexOf(inner))).status).toBe(404);
    blobs.set(CONFIGURATION, 2);
    expect((await put(indexOf(inner))).status).toBe(201);
    expect(puts).toEqual([below.digest, inner.digest]);
  });

  test("is of an image the registry's own affair", async () => {
    expect((await put(image("one"))).status).toBe(201);
  });

  test("by another name than its sha256 has to be a manifest as well as a blob, if the ledger knows it", async () => {
    const child = image("one", SHA512);
    const plain = image("one");
    blobs.set(child.digest, child.content.length);
    blobs.set(CONFIGURATION, 2);
    expect((await put(indexOf(child))).status).toBe(201);
    expect(puts).toEqual([]);
    await knownByLedger(child);
    expect((await put(indexOf(child))).status).toBe(201);
    expect(puts).toEqual([child.digest]);
    there(plain);
    expect((await put(indexOf(child))).status).toBe(201);
    expect(puts).toEqual([child.digest]);
  });
});
