import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { listingOfStorage, refuseOtherStorage } from "#gateway/discovery/listing-of-storage.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { openStoredFiles } from "#gateway/stored-files/open-stored-files.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { digestOf } from "#registry-protocol/digest.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { registryListing, type RegistryListing } from "#service-kit/http/registry-listing.js";
import { startBucket, type TestBucket } from "#tests/support/bucket.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { startTestRegistry, type TestRegistry } from "#tests/support/registry.js";
import { pushSmall, smallManifest } from "#tests/support/small-images.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { discovererOf } from "./support/discoverer.js";

/** Each is the beginning of another, as `0.1.2` is of `0.1.20`. */
const TAGS = {
  "alpha/app": ["0.1.2", "0.1.20", "0.1.200-rc", "1.0"],
  "alpha/app-two": ["1"],
  "alpha/app/inner": ["1", "1.0"],
  "beta/one": ["2.0-SNAPSHOT"],
  // As the folders are called in which there are no tags.
  "gamma/index": ["_layers", "_uploads", "index", "revisions"],
  "gamma/revisions/one": ["1"],
};
const NEVER = new AbortController().signal;
const CREDENTIALS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
const authorization = () => "Bearer of nobody";

const connections = outgoing();
let ledger: StartedLedger;
let stock: TestRegistry;
let bucket: TestBucket;

useLedger((started) => {
  ledger = started;
});
beforeAll(async () => {
  stock = await startTestRegistry();
  for (const [name, tags] of Object.entries(TAGS))
    for (const tag of tags) await pushSmall({ url: stock.url, name, bearer: "" }, tag);
  bucket = await startBucket(stock.storage ?? ".");
  for (const name of CREDENTIALS) process.env[name] = bucket.env[name];
});
afterAll(async () => {
  for (const name of CREDENTIALS) Reflect.deleteProperty(process.env, name);
  connections.close();
  await bucket.stop();
  await stock.stop();
});

function discover(listing: RegistryListing) {
  const { url } = stock;
  const upstream = registryUpstream(url, authorization);
  const registry = { url, authorization, upstream, listing, bounds: BOUNDS };
  return discovererOf(ledger, ledger.db, registry)();
}

const all = Object.entries(TAGS).flatMap(([repository, tags]) =>
  tags.map((tag) => ({ repository, tag, digest: digestOf(Buffer.from(smallManifest(tag))) })),
);

async function known() {
  const { rows } = await ledger.db.query(
    'select repository, name as tag, digest from ledger.tag order by repository collate "C", name collate "C"',
  );
  return rows;
}

const filesOf = (kind: "folder" | "bucket") =>
  openStoredFiles("--storage", kind === "folder" ? (stock.storage ?? "") : bucket.place, bucket.env, connections); // prettier-ignore

/** Lists without what has a name that begins with another's. */
function short(listing: RegistryListing): RegistryListing {
  const without = (names: readonly string[]) =>
    names.filter((name) => !names.some((other) => name !== other && name.startsWith(other)));
  return {
    repositories: async function* (signal) {
      for await (const names of listing.repositories(signal)) yield without(names);
    },
    tags: async function* (repository, signal) {
      for await (const names of listing.tags(repository, signal)) yield without(names);
    },
  };
}

describe.each(["folder", "bucket"] as const)("a registry's storage in a %s", (kind) => {
  beforeEach(() => {
    bucket.status = null;
  });

  test("says what the registry's own lists leave out: every tag is adopted", async () => {
    if (!stock.isStock) return;
    const listing = registryListing(stock.url, authorization);
    const found = await discover(short(listing));
    expect(found).toMatchObject({ errors: 0, problems: [] });
    expect((await known()).length).toBeLessThan(all.length);
    const files = filesOf(kind);
    const whole = await discover(listingOfStorage(files));
    const repositories = Object.keys(TAGS).length;
    expect(whole).toMatchObject({ repositories, tags: all.length, errors: 0, problems: [] });
    expect(await known()).toEqual(all);
  });

  test("of another registry, or of none, is refused", async () => {
    const files = filesOf(kind);
    const other = digestOf(Buffer.from("another"));
    await expect(refuseOtherStorage(files, other, NEVER)).rejects.toThrow("it has no docker/");
    const nothing = openStoredFiles("--storage", "docs", {}, connections);
    const passed = await discover(listingOfStorage(nothing));
    expect(passed).toMatchObject({ errors: 1, adopted: 0 });
    expect(passed?.problems.join()).toContain(
      "is it the root directory of the registry's storage?",
    );
  });
});

test("a bucket that does not answer is an error, and nothing follows from it", async () => {
  if (!stock.isStock) return;
  await discover(listingOfStorage(filesOf("bucket")));
  bucket.status = 503;
  const passed = await discover(listingOfStorage(filesOf("bucket")));
  expect(passed).toMatchObject({ errors: 1, compared: 0, absent: 0 });
  expect(await known()).toEqual(all);
});
