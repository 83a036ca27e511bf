import { describe, expect, test } from "@jest/globals";
import {
  lockAndFindDeleted,
  readBuriedParts,
  readNeedingTags,
  readUnknownManifests,
} from "#gateway/ledger/sql/manifest-needs.js";
import { childrenOf, parentsOf } from "#gateway/ledger/sql/manifest-links.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { adoptTags } from "#gateway/ledger/sql/read-tag.js";
import { childKey, readParents } from "#gateway/pulls/sql/read-parents.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import { readingOf } from "#tests/support/manifest-texts.js";
import { useLedger } from "#tests/support/use-ledger.js";

const repository = parseRepositoryName("alpha/app");
const elsewhere = parseRepositoryName("beta/app");
const mediaType = "application/vnd.oci.image.index.v1+json";
let ledger: StartedLedger;
let db: Database;

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});

describe("what manifests point to", () => {
  test.each([
    ["sha384", 96],
    ["sha512", 128],
  ])("is kept by sha256 and %s alike, and nothing is kept of layers", async (algorithm, digits) => {
    const image = await store({ layers: [{ digest: digestOf(Buffer.from("layer")) }] });
    expect(await linkRows()).toBe(0);
    const like = `${algorithm}:${"0".repeat(digits)}` as Digest;
    const other = digestOf(Buffer.from("other"), like);
    const index = await store({ manifests: [{ digest: image }, { digest: other }] });
    await tag("1.0", index);
    expect(await needing(image)).toEqual(["1.0"]);
    expect(await needing(other)).toEqual(["1.0"]);
    expect(await parents(other)).toEqual([index]);
    const children = await db.query<{ digest: string }>(
      `select child.digest from (select $2::text as digest) as index, lateral (${childrenOf("index.digest")}) as child`,
      [repository, index],
    );
    expect(children.rows.map(({ digest }) => digest)).toEqual([image, other]);
  });

  test("is followed through indexes, and from a referrer to its subject", async () => {
    const image = await store({ layers: [] });
    const inner = await store({ manifests: [{ digest: image }] });
    const outer = await store({ manifests: [{ digest: inner }] });
    const signature = await store({ layers: [], subject: { digest: outer } });
    await tag("1.0", outer);
    expect(await needing(image)).toEqual(["1.0"]);
    expect(await needing(signature)).toEqual(["1.0"]);
    await bury(image);
    expect(await readBuriedParts(db, repository, [outer], 10)).toEqual([image]);
  });

  test("belongs to its repository", async () => {
    const image = await store({ layers: [] });
    const index = await store({ manifests: [{ digest: image }] });
    await tag("1.0", index, elsewhere);
    expect(await readNeedingTags(db, elsewhere, image, 10)).toEqual([]);
  });

  test("is nothing to another repository that has the same manifest: neither its tags nor what it points to count", async () => {
    const image = await store({ layers: [] });
    const signature = await store({ layers: [], subject: { digest: image } }, elsewhere);
    const index = await store({ manifests: [{ digest: image }] }, elsewhere);
    await tag("theirs", image, elsewhere);
    await tag("unread", digestOf(Buffer.from("unread")), elsewhere);
    await tag("1.0", image);
    expect(await needing(image)).toEqual(["1.0"]);
    expect(await needing(signature)).toEqual([]);
    expect(await unknown(image)).toEqual([]);
    await tag("1.1", index);
    expect(await needing(image)).toEqual(["1.0"]);
    expect(await unknown(image)).toEqual([index]);
    await bury(image);
    expect(await readBuriedParts(db, repository, [index], 10)).toEqual([]);
  });

  test("and is gone counts for the push of a tag since that began, whenever another repository's began", async () => {
    const image = await store({ layers: [] });
    for (const [where, began] of [
      [elsewhere, "1 hour"],
      [repository, "0 s"],
    ])
      await db.query(
        `insert into ledger.tag
           (repository, name, reservation, reserved_digest, reserved_by, reserved_at, reserved_until)
         values ($1, '1.0', gen_random_uuid(), $2, 'alice', now() - $3::interval, now() + interval '1 hour')`,
        [where, image, began],
      );
    await bury(image, "1 minute");
    const key = { repository, tag: parseTag("1.0") };
    expect(await db.transaction((tx) => lockAndFindDeleted(tx, key, image, []))).toEqual([]);
  });
});

describe("while gateways of before are replaced", () => {
  test("what they store is seen as a need, above and below", async () => {
    const image = await storeAsBefore("image", []);
    const inner = await storeAsBefore("inner", [["child", image]]);
    const outer = await store({ manifests: [{ digest: inner }] });
    const signature = await storeAsBefore("signature", [["subject", outer]]);
    await tag("1.0", outer);
    expect(await needing(image)).toEqual(["1.0"]);
    expect(await needing(signature)).toEqual(["1.0"]);
    expect(await parents(image)).toEqual([inner]);
  });

  test("what they store elsewhere is no need here", async () => {
    const image = await storeAsBefore("image", []);
    const index = await storeAsBefore("index", [["child", image]], elsewhere);
    const signature = await storeAsBefore("signature", [["subject", image]], elsewhere);
    await tag("1.0", image);
    await tag("1.1", index);
    expect(await needing(image)).toEqual(["1.0"]);
    expect(await needing(signature)).toEqual([]);
    await bury(image);
    expect(await readBuriedParts(db, repository, [index], 10)).toEqual([]);
  });

  test("of what they store a child does not keep its index, nor a referrer its subject", async () => {
    const image = await storeAsBefore("image", []);
    const index = await storeAsBefore("index", [["child", image]]);
    const signature = await storeAsBefore("signature", [["subject", image]]);
    await tag("child", image);
    await tag("referrer", signature);
    expect(await needing(index)).toEqual([]);
    expect(await needing(image)).toEqual(["child"]);
    await bury(image);
    expect(await readBuriedParts(db, repository, [signature], 10)).toEqual([]);
  });

  test("what they store is read again before anything is deleted: they read less strictly", async () => {
    const image = await storeAsBefore("image", []);
    const index = await storeAsBefore("index", [["child", image]]);
    await tag("1.0", index);
    expect((await unknown(image)).sort()).toEqual([image, index].sort());
  });

  test("they read the bytes of what newer ones stored before they delete anything", async () => {
    const image = await store({ layers: [] });
    await tag("1.0", await store({ manifests: [{ digest: image }] }));
    const { rows } = await db.query("select from ledger.manifest where parsed_at is not null");
    expect(rows).toEqual([]);
  });
});

test("needs are found by indexes, however many manifests there are", async () => {
  await db.query(
    `insert into ledger.manifest_link (repository, digest, children)
     select 'alpha/app', 'sha256:' || encode(sha256(i::text::bytea), 'hex'),
            array[sha256(('child ' || i)::bytea), sha256(('other ' || i)::bytea)]
     from generate_series(1, 20000) as i`,
  );
  await db.query("vacuum analyze ledger.manifest_link");
  const asked = `'${digestOf(Buffer.from("child 7"))}'`;
  const literal = (sql: string) => sql.replaceAll("$1", "'alpha/app'");
  const plans = await Promise.all(
    [parentsOf(asked), childrenOf(asked)].map((sql) => planOf(literal(sql))),
  );
  expect(plans[0]).toContain("manifest_link_children");
  expect(plans[1]).toContain("manifest_link_pkey");
  expect(plans.join("\n")).not.toContain("Seq Scan");
  const { rows } = await db.query(literal(parentsOf(asked)));
  expect(rows).toEqual([{ digest: digestOf(Buffer.from("7")) }]);
});

async function store(content: object, where = repository): Promise<Digest> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...content }));
  const digest = digestOf(bytes);
  const reading = readingOf(bytes);
  await storeManifest(db, where, { digest, mediaType, content: bytes, reading }, "checked");
  return digest;
}

/** The statements of a gateway from before `manifest_link`. */
async function storeAsBefore(
  text: string,
  references: [string, Digest][],
  where = repository,
): Promise<Digest> {
  const digest = digestOf(Buffer.from(text));
  await db.query(
    `insert into ledger.manifest (repository, digest, media_type, content, parsed_at)
     values ($1, $2, $3, $4, clock_timestamp())`,
    [where, digest, mediaType, Buffer.from(text)],
  );
  for (const [kind, target] of references)
    await db.query(
      `insert into ledger.manifest_reference (repository, digest, kind, target) values ($1, $2, $3, $4)
       on conflict do nothing`,
      [where, digest, kind, target],
    );
  return digest;
}

async function tag(name: string, digest: Digest, where = repository): Promise<void> {
  await adoptTags(db, where, [{ tag: parseTag(name), digest }]);
}

async function bury(digest: Digest, ago = "0 s"): Promise<void> {
  await db.query(
    "update ledger.manifest set deleted_at = now() - $2::interval, deleted_by = '' where digest = $1",
    [digest, ago],
  );
}

function needing(digest: Digest) {
  return readNeedingTags(db, repository, digest, 10);
}

async function parents(digest: Digest): Promise<string[] | undefined> {
  return (await readParents(db, [{ repository, digest }])).get(childKey(repository, digest));
}

async function unknown(also: Digest): Promise<Digest[]> {
  const found = await readUnknownManifests(db, repository, { also, absent: [], limit: 10 });
  return found.map(({ digest }) => digest);
}

async function linkRows(): Promise<number> {
  const { rowCount } = await db.query("select from ledger.manifest_link");
  return rowCount ?? 0;
}

async function planOf(sql: string): Promise<string> {
  const { rows } = await db.query<{ "QUERY PLAN": string }>(`explain ${sql}`);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}
