import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { verifyLedger } from "#audit-log/verify/verify-ledger.js";
import { adopt } from "#gateway/ledger/adopt.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { readLatest } from "#gateway/ledger/sql/latest-tag.js";
import { writeMode } from "#gateway/mode/sql.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { openForeignDatabase, parseDsn } from "#service-kit/db/foreign-database.js";
import { startBucket, type TestBucket } from "#tests/support/bucket.js";
import { ask } from "#tests/support/http-client.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { leftPierOne, pierOneImage, type LeftPierOne } from "#tests/support/pier-one.js";
import { startTestRegistry, type TestRegistry } from "#tests/support/registry.js";
import { pushDeps, tagKeeper, tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { migration, type MigrationDifferences } from "./support/migration.js";

const APP = parseRepositoryName("alpha/app");
const SOURCE = {
  url: "git:git@example.org:alpha/app.git",
  revision: "abc",
  author: "olga",
  status: " M file",
};

let ledger: StartedLedger;
let stock: TestRegistry;
let left: LeftPierOne;

useLedger((started) => {
  ledger = started;
});
// The first run of each test marks the storage: the ledger is empty by then.
beforeEach(async () => {
  [stock, left] = await Promise.all([startTestRegistry(), leftPierOne()]);
});
afterEach(async () => {
  await stock.stop();
  await left.stop();
});

const run = (differences?: MigrationDifferences) =>
  migration({ ledger, registryUrl: stock.url, left }, differences);

async function tags() {
  const { rows } = await ledger.db.query<Record<string, unknown>>(
    `select repository || ':' || name as name, digest, pushed_by as by, origin,
            to_char(pushed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at
     from ledger.tag order by pushed_at, name`,
  );
  return rows;
}

/** @returns what the registry has of a tag and of a blob */
async function atRegistry(repository: string, tag: string) {
  const headers = { Accept: "application/vnd.docker.distribution.manifest.v2+json" };
  const { status, body } = await ask(stock.url, `/v2/${repository}/manifests/${tag}`, { headers });
  return status === 200 ? body.toString() : null;
}
const blobAt = async (repository: string, digest: string) =>
  (await ask(stock.url, `/v2/${repository}/blobs/${digest}`)).status;

/** @returns what does not follow from the audit log, of tags of these tests */
async function unproven() {
  const known = new Set((await tags()).map(({ name }) => name));
  const { findings } = await verifyLedger(ledger.db, () => undefined);
  return findings.filter(({ repository, tag }) => known.has(`${repository}:${tag}`));
}

describe("what a Pier One has", () => {
  test("is here by the same digests, with authors, dates, sources and blobs, on record", async () => {
    const [one, two, old] = [pierOneImage(), pierOneImage([10, 100_000]), pierOneImage([9], "application/json")]; // prettier-ignore
    await left.push("alpha/first:1.0", one, { source: { ...SOURCE, at: "2016-01-30 20:34:00" } });
    await left.push("alpha/first:1.1-SNAPSHOT", two, { by: null, at: "2017-02-01 00:00:00" });
    await left.push("beta/first:1", old, { by: "bert", at: "2015-12-31 23:59:59.999999" });
    const layer = digestOf([...two.blobs.values()][2] ?? Buffer.of());
    await left.noteSource(layer, { ...SOURCE, revision: "def", at: "2017-01-31 01:00:00" });
    expect(await run()).toMatchObject({ imported: 3, there: 0, refused: 0, failed: 0, not: {} });
    const adjusted = Buffer.from(old.content.replace("application/json", "application/vnd.docker.container.image.v1+json")); // prettier-ignore
    expect(await tags()).toEqual([
      { name: "beta/first:1", digest: digestOf(adjusted), by: "bert", origin: "pushed", at: "2015-12-31 23:59:59.999999" }, // prettier-ignore
      { name: "alpha/first:1.0", digest: one.digest, by: "olga", origin: "pushed", at: "2016-01-30 20:33:57.123456" }, // prettier-ignore
      { name: "alpha/first:1.1-SNAPSHOT", digest: two.digest, by: "", origin: "pushed", at: "2017-02-01 00:00:00.000000" }, // prettier-ignore
    ]);
    expect(await atRegistry("alpha/first", "1.0")).toBe(one.content);
    expect(await atRegistry("beta/first", "1")).toBe(adjusted.toString());
    expect(await blobAt("alpha/first", layer)).toBe(200);
    const { rows } = await ledger.db.query(
      `select revision, origin, pushed_by as by, (created_at at time zone 'UTC')::text as at
       from ledger.scm_source order by revision`,
    );
    expect(rows).toEqual([
      { revision: "abc", origin: "header", by: "olga", at: "2016-01-30 20:34:00" },
      { revision: "def", origin: "file", by: "", at: "2017-01-31 01:00:00" },
    ]);
    expect((await readLatest(ledger.db, parseRepositoryName("alpha/first")))?.digest).toBe(
      two.digest,
    );
    expect(await unproven()).toEqual([]);
    const entries = (await ledger.audited()).filter(({ tag }) => tag === "1.0");
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      action: "tag.adopted",
      actor: { kind: "command" },
      detail: {
        ...{ change: "imported", from: "Pier One", pushedBy: "olga" },
        ...{ pushedAt: "2016-01-30T20:33:57.123456Z", scmSource: SOURCE },
      },
    });
  });

  test("is brought once: the second run finds it all, and writes what the first one has not got to", async () => {
    const images = [pierOneImage(), pierOneImage(), pierOneImage()];
    for (const [i, image] of images.entries()) await left.push(`alpha/app:1.${i}`, image);
    await run();
    const before = await tags();
    const entries = (await ledger.audited()).length;
    // As if the run had ended between the ledger's row and the registry's tag.
    if (stock.storage !== null) {
      const folder = "docker/registry/v2/repositories/alpha/app/_manifests/tags/1.1";
      await rm(join(stock.storage, folder), { recursive: true });
    }
    expect(await run()).toMatchObject({ imported: 0, there: 3, blobs: 0, not: {} });
    expect(await tags()).toEqual(before);
    expect((await ledger.audited()).length).toBe(entries);
    expect(await atRegistry("alpha/app", "1.1")).toBe(images[1]?.content);
  });

  test("is waited for where a run that was killed still holds it", async () => {
    await left.push("alpha/app:1", pierOneImage());
    await run();
    await ledger.db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = digest, reserved_by = 'alice',
         reserved_until = now(), reserved_kind = 'repair'`,
    );
    const waiting = run({ settlingMilliseconds: 60_000 });
    // What a gateway does with a reservation that has ended; before or after the second run has come to it.
    await ledger.db.query(
      `update ledger.tag set reservation = null, reserved_digest = null, reserved_by = null,
         reserved_until = null, reserved_kind = null`,
    );
    expect(await waiting).toMatchObject({ there: 1, refused: 0, failed: 0 });
  });

  test("goes through the registry once, and is mounted where another repository has it", async () => {
    const base = Buffer.from("a layer of many");
    for (const name of ["alpha/app:1", "alpha/app:2", "beta/app:1", "gamma/app:1"])
      await left.push(name, pierOneImage([base]));
    const { blobs, mounted } = await run({ parallel: 1 });
    // A configuration each, and the layer.
    if (stock.isStock) expect({ blobs, mounted }).toEqual({ blobs: 5, mounted: 2 });
    expect(await blobAt("gamma/app", digestOf(base))).toBe(200);
  });

  test("in a dry run writes nothing, and says what cannot be brought", async () => {
    const [whole, lacking] = [pierOneImage(), pierOneImage()];
    await left.push("alpha/app:1", whole);
    await left.push("alpha/app:2", lacking);
    const lost = digestOf([...lacking.blobs.values()][1] ?? Buffer.of());
    await left.lose(lost);
    const dry = await run({ dryRun: true });
    expect(dry).toMatchObject({ imported: 1, refused: 1, blobs: 0 });
    expect(dry.not).toEqual({ "alpha/app:2": `its blob ${lost} is not in the storage` });
    expect(await tags()).toEqual([]);
    expect(await atRegistry("alpha/app", "1")).toBeNull();
    expect((await ledger.audited()).filter(({ repository }) => repository === APP)).toEqual([]);
  });
});

describe("what is not brought, and told by name", () => {
  test("is a tag whose blob is missing or damaged, and every other one with it", async () => {
    const shared = Buffer.from("a layer that rots");
    const [fine, one, two] = [pierOneImage(), pierOneImage([shared]), pierOneImage([shared])];
    const cut = pierOneImage([50_000]);
    await left.push("alpha/app:fine", fine);
    await left.push("alpha/app:rotten", one);
    await left.push("beta/app:rotten", two);
    await left.push("beta/app:cut", cut);
    await writeFile(join(left.storage, digestOf(shared)), "other bytes");
    const half = digestOf([...cut.blobs.values()][1] ?? Buffer.of());
    await truncate(join(left.storage, half), 20_000);
    const { not, ...summary } = await run();
    expect(summary).toMatchObject({ imported: 1, refused: 3, failed: 0 });
    const damaged = `its blob ${digestOf(shared)} is damaged: the storage has 11 bytes with sha256:`;
    expect(not["alpha/app:rotten"]).toContain(damaged);
    expect(not["beta/app:rotten"]).toContain(damaged);
    expect(not["beta/app:cut"]).toContain(
      `its blob ${half} is damaged: the storage has 20000 bytes`,
    );
    expect((await tags()).map(({ name }) => name)).toEqual(["alpha/app:fine"]);
    for (const blob of [digestOf(shared), half]) expect(await blobAt("beta/app", blob)).toBe(404);
    expect(await atRegistry("alpha/app", "rotten")).toBeNull();
    // Mended, the next run brings what was left.
    await writeFile(join(left.storage, digestOf(shared)), shared);
    expect(await run()).toMatchObject({ imported: 2, there: 1, refused: 1 });
  });

  test("is an image of Docker's first protocol, one of the first schema, and what no registry has names for", async () => {
    await left.pushFirst("alpha/app:ancient");
    const first = { ...pierOneImage(), content: '{"schemaVersion":1,"fsLayers":[]}' };
    await left.push("alpha/app:first", { ...first, digest: digestOf(Buffer.from(first.content)) });
    await left.push("alpha/app:other", { ...pierOneImage(), digest: digestOf(Buffer.from("x")) });
    await left.push("alpha/app:tomorrow", pierOneImage(), { at: "2100-01-01 00:00:00" });
    await left.push("alpha/app:never", pierOneImage(), { at: "infinity" });
    await left.push("alpha/App:1", pierOneImage());
    await left.push("alpha/app:latest", pierOneImage());
    const { not, ...summary } = await run();
    expect(summary).toMatchObject({
      imported: 0,
      refused: 7,
      failed: 0,
      totals: { tags: 7, first: 1 },
    });
    expect(not).toMatchObject({
      "alpha/app:ancient": expect.stringContaining("Docker's first registry protocol"),
      "alpha/app:first": expect.stringContaining("Docker's schema 1"),
      "alpha/app:other": expect.stringContaining("was noted when it was pushed"),
      "alpha/app:tomorrow": expect.stringContaining("is that time zone right?"),
      "alpha/app:never": expect.stringContaining("is that time zone right?"),
      "alpha/App:1": expect.stringContaining("such a name"),
      "alpha/app:latest": expect.stringContaining("it means the newest tag here"),
    });
    expect(await tags()).toEqual([]);
  });

  test("is a tag that means something else here, or did: it is never moved", async () => {
    await run();
    const [mine, deleted, reserved, past] = [1, 2, 3, 4].map(() => pierOneImage());
    for (const [tag, image] of Object.entries({ mine, deleted, reserved, past }))
      await left.push(`alpha/app:${tag}`, image ?? pierOneImage());
    for (const tag of ["mine", "deleted"]) {
      const made = tagPush(tag, { tag });
      await pushTag(pushDeps(ledger.db), made, tagKeeper().transport(made));
    }
    await ledger.db.query("update ledger.tag set deleted_at = now(), deleted_by = 'alice' where name = 'deleted'"); // prettier-ignore
    await ledger.db.query(
      `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by, reserved_until)
       values ('alpha/app', 'reserved', gen_random_uuid(), $1, 'alice', now() + interval '1 minute')`,
      [reserved?.digest],
    );
    const other = pierOneImage([]);
    const config = [...other.blobs][0] ?? [digestOf(Buffer.of()), Buffer.of()];
    const headers = { "Content-Type": "application/vnd.docker.distribution.manifest.v2+json" };
    if (stock.isStock) {
      const began = await ask(stock.url, "/v2/alpha/app/blobs/uploads/", { method: "POST" });
      const place = new URL(String(began.headers.location), stock.url);
      place.searchParams.set("digest", config[0]);
      await ask(stock.url, `${place.pathname}${place.search}`, { method: "PUT", headers: { "Content-Type": "application/octet-stream" }, body: config[1] }); // prettier-ignore
    }
    const put = { method: "PUT", headers, body: other.content };
    expect((await ask(stock.url, "/v2/alpha/app/manifests/past", put)).status).toBe(201);
    const before = await tags();
    const { not, ...summary } = await run();
    expect(summary).toMatchObject({ imported: 0, refused: 4 });
    expect(not).toMatchObject({
      "alpha/app:mine": expect.stringMatching(/^it is sha256:.+ here, sha256:.+ in Pier One$/),
      "alpha/app:deleted": "it was deleted here",
      "alpha/app:reserved": "it is being pushed here just now: run this again",
      "alpha/app:past": expect.stringContaining(`it is ${other.digest} at the registry`),
    });
    expect(await tags()).toEqual(before);
    expect(await atRegistry("alpha/app", "past")).toBe(other.content);
  });
});

describe("a tag that was only found at the registry", () => {
  test("gets the author and the date that it had; one that somebody has pushed here keeps its own", async () => {
    await run();
    const [found, pushed] = [pierOneImage(), pierOneImage()];
    await left.push("alpha/app:found", found);
    await left.push("alpha/app:pushed", pushed);
    const deps = { db: ledger.db, log: SILENT, audit: recordAudit };
    await adopt(deps, { repository: APP, tag: parseTag("found") }, found.digest, "found");
    const made = tagPush(pushed.content, { tag: "pushed" });
    await pushTag(pushDeps(ledger.db), made, tagKeeper().transport(made));
    const { not } = await run();
    // The registry of this test has never seen what was pushed: that is told.
    expect(not).toEqual({ "alpha/app:pushed": expect.stringMatching(/./) });
    expect(await tags()).toMatchObject([
      { name: "alpha/app:found", by: "olga", origin: "pushed", at: "2016-01-30 20:33:57.123456" },
      { name: "alpha/app:pushed", by: "alice" },
    ]);
    expect(await unproven()).toEqual([]);
  });
});

describe("a Pier One with its blobs in S3", () => {
  let bucket: TestBucket;
  const CREDENTIALS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
  beforeEach(async () => {
    bucket = await startBucket(left.storage);
    for (const name of CREDENTIALS) process.env[name] = bucket.env[name];
  });
  afterEach(async () => {
    for (const name of CREDENTIALS) Reflect.deleteProperty(process.env, name);
    await bucket.stop();
  });
  const fromBucket = (differences: MigrationDifferences = {}) => {
    const parts = { ledger, registryUrl: stock.url };
    const { env, place: storage } = bucket;
    return migration({ ...parts, left: { ...left, storage } }, { ...differences, env });
  };

  test("is brought like any other, and a blob that is not there is told", async () => {
    const [image, lacking] = [pierOneImage([200_000]), pierOneImage()];
    await left.push("alpha/app:1", image);
    await left.push("alpha/app:2", lacking);
    const lost = digestOf([...lacking.blobs.values()][1] ?? Buffer.of());
    await left.lose(lost);
    const not = { "alpha/app:2": `its blob ${lost} is not in the storage` };
    expect(await fromBucket({ dryRun: true })).toMatchObject({ imported: 1, refused: 1, not });
    expect(await fromBucket()).toMatchObject({ imported: 1, refused: 1, not });
    expect(await atRegistry("alpha/app", "1")).toBe(image.content);
    for (const blob of image.blobs.keys()) expect(await blobAt("alpha/app", blob)).toBe(200);
  });

  test("that does not answer is no verdict on any blob: it is given up for, and told as failed", async () => {
    for (let i = 0; i < 25; i += 1) await left.push(`alpha/app:1.${i}`, pierOneImage());
    bucket.status = 503;
    const told: string[] = [];
    const ended = fromBucket({ parallel: 2, onNews: () => told.push("one") });
    await expect(ended).rejects.toThrow(/^20 tags in a row failed, .* the bucket answered 503/);
    expect(told.length).toBeLessThan(25);
    bucket.status = null;
    expect(await fromBucket()).toMatchObject({ imported: 25, failed: 0, refused: 0 });
  });
});

describe("a migration", () => {
  test("takes dates in the time zone that it is told", async () => {
    await left.push("alpha/app:1", pierOneImage(), { at: "2016-07-01 12:00:00" });
    await run({ zone: "Europe/Berlin" });
    expect(await tags()).toMatchObject([{ at: "2016-07-01 10:00:00.000000" }]);
    await expect(run({ zone: "Europe/Nowhere" })).rejects.toThrow("--time-zone: Europe/Nowhere");
  });

  test("ends while the gateways are read-only, and writes nothing", async () => {
    await run();
    await left.push("alpha/app:1", pierOneImage());
    const change = { mode: "read-only", reason: "garbage", by: "alice", drainSeconds: 0 } as const;
    await ledger.db.transaction((tx) => writeMode(tx, change));
    await expect(run()).rejects.toThrow("read-only for now, try again later: garbage");
    expect(await tags()).toEqual([]);
  });

  test("ends in the middle where it is told to, and the next one goes on", async () => {
    for (let i = 0; i < 6; i += 1) await left.push(`alpha/app:1.${i}`, pierOneImage());
    await left.pushFirst("alpha/app:0");
    const ending = new AbortController();
    const onNews = () => {
      ending.abort(new Error("ended by SIGINT"));
    };
    const ended = run({ parallel: 1, signal: ending.signal, onNews });
    await expect(ended).rejects.toThrow("ended by SIGINT");
    expect((await tags()).length).toBeLessThan(6);
    expect(await run()).toMatchObject({ refused: 1, failed: 0 });
    expect(await tags()).toHaveLength(6);
  });

  test("of what is no Pier One is refused, and says what it looks for", async () => {
    await left.db.query("alter table zp_data.tags drop column t_content_digest");
    await expect(run()).rejects.toThrow("lacks zp_data.tags.t_content_digest: it is no Pier One's");
  });

  test("cannot write to Pier One's database", async () => {
    const from = openForeignDatabase(parseDsn(left.dsn, undefined), "test");
    await expect(from.query("delete from zp_data.tags")).rejects.toThrow("read-only transaction");
    await from.close();
  });
});
