import { describe, expect, test } from "@jest/globals";
import { openCatalog } from "#gateway/catalog/catalog.js";
import { foldChanges } from "#gateway/catalog/sql/fold.js";
import { oneRepository } from "#gateway/catalog/repositories.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const EVERYTHING = { rules: ["+**"], values: {}, limits: null };
const APP = parseRepositoryName("alpha/app");

let ledger: StartedLedger;
let db: Database;
useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});

async function push(tag: string, content: string, repository = "alpha/app"): Promise<void> {
  await pushTag(pushDeps(db), tagPush(content, { tag, repository }), {
    send: () => Promise.resolve({ status: 201 }),
    currentDigest: () => Promise.resolve(null),
  });
}

const imageOf = (size: number) =>
  JSON.stringify({
    schemaVersion: 2,
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      size,
      digest: `sha256:${"c".repeat(64)}`,
    },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        size: 100,
        digest: `sha256:${"d".repeat(64)}`,
      },
    ],
  });

async function pulled(tag: string, count: number, at: string, repository = "alpha/app") {
  const who = { uid: "bob", realm: "", kind: "oauth2", address: "" };
  const by = { userAgent: "", userAgents: [""] };
  const when = { firstAt: new Date(at), lastAt: new Date(at) };
  const digest = `sha256:${"a".repeat(64)}`;
  await db.transaction((tx) =>
    recordPulls(tx, [{ repository, tag, digest, count, ...who, ...by, ...when }]),
  );
}

const known = (name = APP) => oneRepository(openCatalog({ db, log: SILENT }), EVERYTHING, name);

/** @returns what is kept and what is there, which have to be the same once all is added up */
async function keptAndCounted(): Promise<readonly [unknown[], unknown[]]> {
  while ((await foldChanges(db, 1_000)) > 0);
  const columns = "name, tags, bytes, pulls, pushed_at, pulled_at";
  const kept = await db.query(`select ${columns} from ledger.repository_total order by name`);
  const counted = await db.query(
    `select ${columns} from ledger.count_repositories() order by name collate "C"`,
  );
  return [kept.rows, counted.rows];
}

describe("what is kept of a repository", () => {
  test("is there as soon as a push is acknowledged", async () => {
    await push("1.0", imageOf(10));
    const { rows } = await db.query<{ at: Date }>("select pushed_at as at from ledger.tag");
    const { team, tags, size, pulls, pushedAt, pulledAt } = await known();
    expect({ team, tags, size, pulls, pulledAt }).toEqual({
      ...{ team: "alpha", tags: 1, size: 110, pulls: 0, pulledAt: null },
    });
    expect(pushedAt).toEqual(rows[0]?.at);
  });

  test("counts a manifest that several tags mean once, and a tag that moves once", async () => {
    await push("1.0", imageOf(10));
    await push("1.1", imageOf(10));
    await push("1-SNAPSHOT", imageOf(20));
    await push("1-SNAPSHOT", imageOf(30));
    expect(await known()).toMatchObject({ tags: 3, size: 110 + 120 + 130 });
  });

  test("has no size of an index, nor what is claimed beyond all that can be", async () => {
    const index = (name: string) =>
      JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { name } });
    await push("1.0", index("one"));
    await push("1.1", index("two"));
    expect(await known()).toMatchObject({ tags: 2, size: 0 });
    for (const tag of ["2.0", "2.1"]) await push(tag, imageOf(9_000_000_000_000_000));
    await push("3.0", imageOf(10));
    expect(await known()).toMatchObject({ tags: 5, size: 110 });
    const [kept, counted] = await keptAndCounted();
    expect(kept).toEqual(counted);
  });

  test("stays within what can be counted, whatever many manifests claim", async () => {
    await push("1.0", imageOf(10));
    await db.query(
      "insert into ledger.catalog_change (repository, bytes) select 'alpha/app', 1e15 from generate_series(1, 10000)",
    );
    while ((await foldChanges(db, 1_000)) > 0);
    expect(await known()).toMatchObject({ tags: 1, size: 9e18 });
    await push("1.1", imageOf(20));
    expect(await known()).toMatchObject({ tags: 2 });
  });

  test("has no push that was not stored", async () => {
    await push("1.0", imageOf(10));
    const one = tagPush(imageOf(20), { tag: "2.0" });
    const refused = {
      send: () => Promise.resolve({ status: 400 }),
      currentDigest: () => Promise.resolve(null),
    };
    await pushTag(pushDeps(db), one, refused).catch(() => undefined);
    expect(await known()).toMatchObject({ tags: 1, size: 110 });
  });

  test("loses what is deleted, and gets back what is restored", async () => {
    await push("1.0", imageOf(10));
    await push("2.0", imageOf(20));
    await db.query(
      "update ledger.tag set deleted_at = now(), deleted_by = 'alice' where name = '1.0'",
    );
    expect(await known()).toMatchObject({ tags: 1, size: 230 });
    await db.query(
      `update ledger.manifest set deleted_at = now(), deleted_by = 'alice'
       where digest = (select digest from ledger.tag where name = '1.0')`,
    );
    expect(await known()).toMatchObject({ tags: 1, size: 120 });
    await db.query("update ledger.manifest set deleted_at = null, deleted_by = null");
    await db.query("update ledger.tag set deleted_at = null, deleted_by = null");
    expect(await known()).toMatchObject({ tags: 2, size: 230 });
  });

  test("grows with pulls of whichever tag", async () => {
    await push("1.0", imageOf(10));
    await pulled("1.0", 3, "2026-01-01T10:00:00Z");
    await pulled("1.0", 4, "2026-01-03T10:00:00Z");
    await pulled("", 5, "2026-01-02T10:00:00Z");
    expect(await known()).toMatchObject({ pulls: 12, pulledAt: new Date("2026-01-03T10:00:00Z") });
  });

  test("is what counting all of it gives, after whatever happened, added up by several at once", async () => {
    for (let round = 0; round < 12; round += 1) {
      const repository = `alpha/app-${round % 3}`;
      await push(`1.${round}`, imageOf(round), repository);
      await pulled(`1.${round}`, round + 1, "2026-01-01T10:00:00Z", repository);
      if (round % 4 === 3)
        await db.query(
          `update ledger.tag set deleted_at = now(), deleted_by = 'alice'
           where (repository, name) in (select repository, name from ledger.tag where deleted_at is null order by name limit 1)`,
        );
      await Promise.all([1, 2, 3].map(() => foldChanges(db, 4)));
    }
    const [kept, counted] = await keptAndCounted();
    expect(kept).toHaveLength(3);
    expect(kept).toEqual(counted);
  });

  test("waits for nobody: pushes to one repository note their changes side by side", async () => {
    await push("0.9", imageOf(5));
    await db.transaction(async (tx) => {
      await tx.query(
        `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at) values ('alpha/app', 'open', 'sha256:a', 'alice', now())`,
      );
      await push("1.0", imageOf(10));
      expect(await known()).toMatchObject({ tags: 2 });
    });
    expect(await known()).toMatchObject({ tags: 3 });
  });
});
