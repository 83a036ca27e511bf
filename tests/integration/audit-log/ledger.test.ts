import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import type { VerifiedLedger } from "#audit-log/verify/verify-ledger.js";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { adoptAll } from "#gateway/ledger/adopt.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { deleteTag } from "#gateway/deletion/delete-tag.js";
import { lockTag } from "#gateway/ledger/lock-tag.js";
import type { Transaction } from "#service-kit/db/pool.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import {
  pushDeps,
  tagKeeper,
  tagPush,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import { createAuditLog, tagEntry, type TestAuditLog, restOf } from "./support/audited.js";

let postgres: TestPostgres;
let log: TestAuditLog;
let deps: TestPushDeps;
let keeper: TagKeeper;
const policy = compileTagPolicy([
  { id: "snapshots", tags: ["*-SNAPSHOT"], effect: "mutable" },
  { id: "releases", tags: ["*"], effect: "immutable", deletable: true },
]);

beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  log = await createAuditLog(postgres);
  keeper = tagKeeper();
  deps = { ...pushDeps(log.db), policy };
});
afterEach(() => log.close());
afterAll(() => postgres.stop());

const push = async (content: string, tag: string, actor = "alice", repository = "alpha/app") => {
  const made = tagPush(content, { tag, actor, repository });
  await pushTag(deps, made, keeper.transport(made));
  return made;
};
const change = () => {
  const resolver = { resolve: () => Promise.resolve({ kind: "unknown" } as never) };
  return { ...deps, resolver, inUse: inUseGuard(0) };
};
const remove = async (tag: string, actor = "bob") => {
  const removal = { ...tagPush("", { tag, actor }), reservation: randomUUID() };
  await deleteTag(change(), removal, () => Promise.resolve("deleted"));
};
const lock = async (tag: string, actor = "carol") => {
  const key = tagPush("", { tag, actor });
  await lockTag(change(), key, key.actor);
};
const verify = async (): Promise<VerifiedLedger> => restOf(await log.verify()).ledger;
/** @returns what is wrong, `repository:tag` and why */
const problems = async (): Promise<string[]> =>
  (await verify()).findings.map(
    ({ repository, tag, problem }) => `${repository}:${tag} ${problem}`,
  );
const sql = (statement: string) => log.db.query(statement);

/** Tags in every state that the gateway can bring them into. */
async function liveALife(): Promise<void> {
  await push("1", "1.0");
  for (const content of ["1", "2", "3"]) await push(content, "1-SNAPSHOT", content);
  await push("1", "2.0");
  await remove("2.0");
  await push("1", "3.0");
  await remove("3.0");
  await push("1", "3.0", "dave");
  await push("1", "4-SNAPSHOT");
  await lock("4-SNAPSHOT");
  const { repository, digest, tag } = tagPush("old", { tag: "0.1" });
  const other = tagPush("old", { tag: "0.2" }).tag;
  await adoptAll(
    deps,
    repository,
    [tag, other].map((name) => ({ tag: name, digest })),
    "found",
  );
  await push("old", "0.2");
  await push("1", "1.0", "alice", "beta/app");
}

describe("comparing the ledger with the audit log", () => {
  test("finds nothing, whatever was done to tags by the usual way", async () => {
    await liveALife();
    expect(await verify()).toEqual({ checked: 8, wrong: 0, findings: [] });
  });

  test("finds nothing while tags are pushed between any two of its reads", async () => {
    let pushed = 0;
    const disturbed = (db: Transaction): Transaction => ({
      tell: (...what) => {
        db.tell(...what);
      },
      query: async <Row extends object>(statement: string, values?: readonly unknown[]) => {
        const rows = await db.query<Row>(statement, values);
        if (!statement.startsWith("select")) return rows;
        pushed += 1;
        for (const repository of ["alpha/app", `${pushed}/app`]) {
          await push(`${pushed}`, `${pushed}.0`, "alice", repository);
          await push(`${pushed}`, "0-SNAPSHOT", `alice-${pushed}`, repository);
        }
        return rows;
      },
    });
    await push("first", "0-SNAPSHOT");
    const found = await log.verify([], {
      ...disturbed(log.db),
      transaction: (work) => log.db.transaction((tx) => work({ ...tx, ...disturbed(tx) })),
      close: () => log.db.close(),
    });
    expect(pushed).toBeGreaterThan(10);
    expect(found.findings).toEqual([]);
    expect(restOf(found).ledger).toMatchObject({ wrong: 0, findings: [] });
    expect((await verify()).checked).toBeGreaterThan(restOf(found).ledger.checked + 10);
  });

  test("leaves out a tag whose first push is on its way, and compares what is moved with what it was", async () => {
    await push("1", "1-SNAPSHOT");
    const reserved = "gen_random_uuid(), 'sha256:x', 'bob', now()";
    const columns = "reservation, reserved_digest, reserved_by, reserved_until";
    await sql(`update ledger.tag set (${columns}) = (${reserved})`);
    await sql(
      `insert into ledger.tag (repository, name, ${columns}) values ('a', 'b', ${reserved})`,
    );
    expect(await verify()).toMatchObject({ checked: 1, wrong: 0 });
  });

  test.each([
    [
      "digest",
      "1.0",
      "digest = 'sha256:x'",
      /1\.0 sha256:x in the ledger, sha256:\w+ in the audit/,
    ],
    ["author", "1.0", "pushed_by = 'mallory'", /1\.0 pushed by mallory in the ledger, by alice in/],
    [
      "date",
      "1.0",
      "pushed_at = now() + interval '1 s'",
      /1\.0 pushed at \S+ in the ledger, at \S+/,
    ],
    ["origin", "1.0", "origin = 'adopted'", /1\.0 adopted in the ledger, pushed in the audit log/],
    ["author", "0.1", "pushed_by = 'mallory'", /0\.1 pushed by mallory in the ledger, by nobody/],
    [
      "tombstone",
      "2.0",
      "deleted_at = null, deleted_by = null",
      /2\.0 not deleted in the ledger, deleted by bob at \S+ in the audit log$/,
    ],
    ["tombstone", "1.0", "deleted_at = now(), deleted_by = 'x'", /1\.0 deleted by x at \S+ in the/],
    ["undertaker", "2.0", "deleted_by = 'x'", /2\.0 deleted by x in the ledger, by bob in the/],
    [
      "lock",
      "4-SNAPSHOT",
      "locked_at = null, locked_by = null",
      /4-SNAPSHOT not locked in the ledger, locked by carol at \S+ in the audit log$/,
    ],
    ["lock", "1.0", "locked_at = now(), locked_by = 'x'", /1\.0 locked by x at \S+ in the ledger/],
  ])("finds the %s of %s that was changed by hand", async (_what, tag, assignments, problem) => {
    await liveALife();
    await sql(
      `update ledger.tag set ${assignments} where repository = 'alpha/app' and name = '${tag}'`,
    );
    expect(await problems()).toEqual([expect.stringMatching(problem)]);
  });

  test("finds rows that were removed by hand: of a tag, of a tombstone, of whole repositories", async () => {
    await liveALife();
    await sql("delete from ledger.tag where repository = 'alpha/app' and name in ('1.0', '2.0')");
    const missing = / sha256:\w+ in the audit log, not in the ledger$/;
    const names = (await problems()).map((problem) => problem.replace(missing, ""));
    expect(names.sort()).toEqual(["alpha/app:1.0", "alpha/app:2.0"]);
    await sql("delete from ledger.tag where repository = 'alpha/app'");
    expect(await verify()).toMatchObject({ checked: 1, wrong: 7 });
    await sql("delete from ledger.tag");
    expect(await verify()).toMatchObject({ checked: 0, wrong: 8 });
  });

  test("finds rows that no entry is about, before, between and after other repositories", async () => {
    await liveALife();
    for (const repository of ["aaa/app", "alpha/app", "alpha/bpp", "zzz/app"])
      for (const tag of ["8.0", "9.0"])
        await sql(
          `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
           values ('${repository}', '${tag}', 'sha256:x', 'alice', now())`,
        );
    const found = await problems();
    expect(found).toHaveLength(8);
    expect(found[0]).toBe("aaa/app:8.0 sha256:x in the ledger, no entry says so");
    expect(found.at(-1)).toMatch(/^zzz\/app:9\.0 /);
  });

  test("finds a tag whose row was removed by hand and that was pushed again with something else", async () => {
    await push("right", "1.0");
    await sql("delete from ledger.tag");
    keeper.tags.clear();
    await push("wrong", "1.0");
    expect(await problems()).toEqual([
      expect.stringMatching(/^alpha\/app:1\.0 new at \S+, although it was known since \S+: it was/),
    ]);
  });

  test("finds a tag that was unlocked by hand, moved, and locked again", async () => {
    await push("right", "1-SNAPSHOT");
    await lock("1-SNAPSHOT");
    await sql("create table kept as select locked_at, locked_by from ledger.tag");
    await sql("update ledger.tag set locked_at = null, locked_by = null");
    await push("wrong", "1-SNAPSHOT");
    await sql("update ledger.tag set (locked_at, locked_by) = (select * from kept)");
    expect(await problems()).toEqual([
      expect.stringMatching(/^alpha\/app:1-SNAPSHOT moved at \S+, although it was locked at \S+$/),
    ]);
  });

  test("follows a tag from chain to chain", async () => {
    await push("1", "1-SNAPSHOT");
    // Whoever holds the chain of the repository sends the next entry about it elsewhere.
    await log.db.transaction(async (tx) => {
      await recordAudit(tx, { ...tagEntry(), action: "tag.refused" });
      await push("2", "1-SNAPSHOT");
    });
    const { rows } = await log.db.query<{ chain: number }>(
      "select distinct chain from audit.entry where action = 'tag.pushed'",
    );
    expect(rows).toHaveLength(2);
    expect(await verify()).toMatchObject({ checked: 1, wrong: 0 });
  });

  test("goes through more tags than fit into a batch, and names the first of many findings", async () => {
    const made = "generate_series(1, 1300) as i";
    await sql(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select 'alpha/app-' || i % 3, 'v' || i, 'sha256:' || i, 'alice', now() from ${made}`,
    );
    await sql(
      `select audit.append(i % 16, json_build_object('action', 'tag.pushed',
         'actor', json_build_object('uid', 'alice'), 'repository', 'alpha/app-' || i % 3, 'tag', 'v' || i,
         'digest', 'sha256:' || i, 'detail', json_build_object('change', 'new'))::text,
         'tag.pushed', 'alpha/app-' || i % 3) from ${made}`,
    );
    expect(await log.verify()).toMatchObject({
      findings: [],
      rest: { ledger: { checked: 1300, wrong: 0 } },
    });
    await sql("update ledger.tag set pushed_by = 'mallory'");
    const { wrong, findings } = await verify();
    expect([wrong, findings.length]).toEqual([1300, 100]);
  });
});
