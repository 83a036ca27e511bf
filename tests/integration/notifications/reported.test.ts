import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { ask } from "#tests/support/http-client.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { image, IMAGE_TYPE, INDEX_TYPE } from "../tags/support/manifests.js";
import { registryPrograms } from "../tags/support/registry.js";
import { REPOSITORY, startReporting, type Reporting } from "./support/reporting.js";
import { EVERYTHING } from "./support/everything.js";

let postgres: TestPostgres;
let setup: Reporting;
let db: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

describe.each(registryPrograms())("what registry $version reports", ({ file }) => {
  beforeEach(async () => {
    setup = await startReporting(postgres, file, [EVERYTHING]);
    db = setup.ledger.open();
  });
  afterEach(() => setup.stop());

  test("of a push through the gateway is known already, and announced once", async () => {
    expect((await setup.push(image("one"), "1.0")).status).toBe(201);
    await handled("push", 1);
    // The report can be faster than the commit.
    expect(["known", "in progress"]).toContain((await outcomes())[0]);
    expect(await announced("push")).toEqual([`1.0 ${image("one").digest}`]);
  });

  test("of a push past the gateway is adopted and announced, once for each tag", async () => {
    await setup.pushPast(image("one"), "1.0");
    await setup.pushPast(image("one"), "1.0");
    await setup.pushPast(image("two"), "2.0");
    await handled("push", 3);
    expect(await announced("push")).toEqual([
      `1.0 ${image("one").digest}`,
      `2.0 ${image("two").digest}`,
    ]);
    const audited = await setup.ledger.audited();
    expect(audited.map(({ action, tag }) => `${action} ${String(tag)}`).sort()).toEqual([
      "tag.adopted 1.0",
      "tag.adopted 2.0",
    ]);
  });

  test("of another digest behind the gateway's back is drift and changes nothing for readers", async () => {
    await setup.push(image("one"), "1.0");
    await setup.pushPast(image("two"), "1.0");
    await handled("push", 2);
    expect(await announced("push")).toHaveLength(1);
    expect(await announced("drift")).toEqual([`1.0 ${image("one").digest}`]);
    const { headers } = await setup.read("1.0");
    expect(headers["docker-content-digest"]).toBe(image("one").digest);
  });

  test("late and out of order decides nothing: what the registry has now counts", async () => {
    await setup.way.cut();
    await setup.pushPast(image("one"), "1.0");
    await setup.pushPast(image("two"), "1.0");
    await setup.way.mend();
    await handled("push", 2);
    expect(await announced("push")).toEqual([`1.0 ${image("two").digest}`]);
  });

  test("of a virtual tag is left alone", async () => {
    await setup.pushPast(image("one"), "latest");
    await handled("push", 1);
    expect(await outcomes()).toEqual(["nothing to do"]);
    expect(await announced("push")).toEqual([]);
  });

  test("while the webhook is down misses nothing: every push is announced before, and once", async () => {
    await setup.way.cut();
    const names = Array.from({ length: 10 }, (_, i) => `${i}.0`);
    for (const name of names) expect((await setup.push(image(name), name)).status).toBe(201);
    const wanted = names.map((name) => `${name} ${image(name).digest}`);
    expect(await announced("push")).toEqual(wanted);
    expect(await countOf("ledger.notification")).toBe(0);

    await setup.way.mend();
    await handled("push", names.length);
    expect(await announced("push")).toEqual(wanted);
    expect(await countOf("ledger.delivery")).toBe(names.length);
  });

  test("of pulls through the gateway is not counted again, of pulls past it is, and a HEAD never", async () => {
    await setup.push(image("one"), "1.0");
    await handled("push", 1);
    await setup.read("1.0");
    const target = `/v2/${REPOSITORY}/manifests/1.0`;
    const headers = {
      "User-Agent": "curl/8",
      "X-Forwarded-For": "10.1.2.3",
      Accept: `${IMAGE_TYPE}, ${INDEX_TYPE}`,
    };
    await ask(setup.registry.url, target, { method: "HEAD", headers });
    await ask(setup.registry.url, target, { headers });
    await handled("pull", 1);
    await setup.gateway.flushPulls();
    const { rows } = await db.query(
      `select tag, uid, kind, address, user_agent as agent, count::int as count
       from ledger.pull order by kind`,
    );
    const common = { tag: "1.0", count: 1 };
    expect(rows).toEqual([
      { ...common, uid: "alice", kind: "oauth2", address: "127.0.0.1", agent: "docker/28" },
      { ...common, uid: "", kind: "registry", address: "10.1.2.3", agent: "curl/8" },
    ]);
    expect(await announced("pull")).toHaveLength(2);
  });
});

async function handled(action: string, count: number): Promise<void> {
  await eventually(`${count} reports of a ${action} are handled`, async () => {
    const { rows } = await db.query<{ count: number }>(
      `select count(*)::int as count from ledger.notification
       where action = $1 and handled_at is not null and tag is not null`,
      [action],
    );
    return rows[0]?.count === count;
  });
}

async function outcomes(): Promise<string[]> {
  const { rows } = await db.query<{ outcome: string }>(
    "select outcome from ledger.notification where action = 'push' and tag is not null",
  );
  return rows.map(({ outcome }) => outcome);
}

async function announced(action: string): Promise<string[]> {
  const { rows } = await db.query<{ text: string }>(
    "select tag || ' ' || digest as text from ledger.event where action = $1 order by text",
    [action],
  );
  return rows.map(({ text }) => text);
}

async function countOf(table: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  return rows[0]?.count ?? 0;
}
