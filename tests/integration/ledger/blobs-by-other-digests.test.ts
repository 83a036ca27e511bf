import { expect, test } from "@jest/globals";
import { manifestsToLoseBlobs } from "#gateway/ledger/blobs-by-other-digests.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { readingOf } from "#tests/support/manifest-texts.js";
import { useLedger } from "#tests/support/use-ledger.js";

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const SHA384 = `sha384:${"0".repeat(96)}` as Digest;
const SHA512 = `sha512:${"0".repeat(128)}` as Digest;

let ledger: StartedLedger;
useLedger((started) => {
  ledger = started;
});

test("images that name a layer or a configuration by sha512 or sha384 are found, wherever they stand among all", async () => {
  const layer = await store("alpha/app", image("a", by("layer", SHA512)));
  const configuration = await store("beta/app", image("b", by("layer"), SHA384));
  await store("alpha/app", image("c", by("layer")));
  await store("alpha/app", { ...image("d", by("layer")), annotations: { seen: SHA512 } });
  const deleted = await store("alpha/app", image("e", by("layer", SHA512)));
  await ledger.db.query(
    "update ledger.manifest set deleted_at = now(), deleted_by = '' where digest = $1",
    [deleted],
  );
  expect(await manifestsToLoseBlobs(ledger.db, 10)).toEqual([
    { repository: "alpha/app", digest: layer },
    { repository: "beta/app", digest: configuration },
  ]);
  expect(await manifestsToLoseBlobs(ledger.db, 1)).toHaveLength(1);
});

test("an index that names its images by sha512 loses no blob: those the registry keeps as manifests", async () => {
  const manifests = [{ mediaType: IMAGE, size: 5, digest: by("child", SHA512) }];
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests,
  };
  await store("alpha/app", index, index.mediaType);
  expect(await manifestsToLoseBlobs(ledger.db, 10)).toEqual([]);
});

test("what is deleted while it is looked at is left out", async () => {
  await store("alpha/app", image("a", by("layer", SHA512)));
  const { db } = ledger;
  const deleting = {
    query: (async (...asked: Parameters<typeof db.query>) => {
      const answer = await db.query(...asked);
      await db.query("update ledger.manifest set deleted_at = now(), deleted_by = ''");
      return answer;
    }) as typeof db.query,
  };
  expect(await manifestsToLoseBlobs(deleting, 10)).toEqual([]);
});

test("more manifests than are looked at at once are looked at all", async () => {
  await ledger.db.query(
    `insert into ledger.manifest (repository, digest, media_type, content, parsed_at)
     select 'alpha/many', 'sha256:' || encode(sha256(convert_to(number::text, 'UTF8')), 'hex'), $1, '{}', now()
     from generate_series(1, 4500) as number`,
    [IMAGE],
  );
  const last = await store("zeta/app", image("z", by("layer", SHA512)));
  const found = await manifestsToLoseBlobs(ledger.db, 10);
  expect(found).toContainEqual({ repository: "zeta/app", digest: last });
});

function by(content: string, like?: Digest): Digest {
  return digestOf(Buffer.from(content), like);
}

function image(name: string, layer: Digest, like?: Digest): object {
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: by(name, like) };
  const described = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: layer };
  return {
    ...{ schemaVersion: 2, mediaType: IMAGE },
    config: { ...config, size: 1 },
    layers: [{ ...described, size: 5 }],
  };
}

async function store(name: string, content: object, mediaType = IMAGE): Promise<Digest> {
  const bytes = Buffer.from(JSON.stringify(content));
  const digest = digestOf(bytes);
  const stored = { digest, mediaType, content: bytes, reading: readingOf(bytes) };
  await storeManifest(ledger.db, parseRepositoryName(name), stored, "checked");
  return digest;
}
