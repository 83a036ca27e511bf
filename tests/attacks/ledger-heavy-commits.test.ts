import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { lockForDeletion } from "#gateway/ledger/sql/manifest-needs.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { boundedDatabase } from "#service-kit/db/bounded.js";
import type { Database } from "#service-kit/db/pool.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { eventually } from "#tests/support/eventually.js";
import { gate } from "#tests/support/gate.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { lockWaiters } from "#tests/support/held-lock.js";
import { ask } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { imageText } from "#tests/support/manifest-texts.js";
import { manifestRegistry } from "#tests/support/manifest-registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const PUSHES = 14;
const CONNECTIONS = 10;
const REPOSITORY = parseRepositoryName("alpha/app");

let ledger: StartedLedger;
let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;

beforeAll(async () => {
  ledger = await startLedger();
  authority = await startTokenAuthority();
  const registry = manifestRegistry();
  upstream = await startUpstream(registry.handler);
  gateway = await startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
    db: ledger.open({ connections: CONNECTIONS }),
    pushConnections: CONNECTIONS / 2,
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await authority.server.stop();
  await ledger.stop();
});

test("fourteen pushes whose commits hang leave connections to readers", async () => {
  expect((await put("1.0", "first")).status).toBe(201);
  const release = gate();
  const locked = gate();
  const holding = ledger.db.transaction(async (tx) => {
    await lockForDeletion(tx, REPOSITORY);
    locked.open();
    await release.opened;
  });
  await locked.opened;
  const pushes = Array.from({ length: PUSHES }, (_one, i) => put(`v${i}`, `content ${i}`));
  await eventually("half of what pushes may have waits for the lock", async () => {
    return (await lockWaiters(ledger.db)) === Math.ceil(CONNECTIONS / 4);
  });
  const since = performance.now();
  for (let i = 0; i < 20; i += 1) expect((await read("1.0")).status).toBe(200);
  expect((performance.now() - since) / 20).toBeLessThan(250);
  release.open();
  await holding;
  const answers = await Promise.all(pushes);
  expect(answers.map(({ status }) => status)).toEqual(Array(PUSHES).fill(201));
});

describe("a part of a pool", () => {
  test("does as much at once as it may, in turns, and says 503 to whoever waits too long", async () => {
    const [first, second] = [gate(), gate()];
    const begun: number[] = [];
    const db = { transaction: (work: () => Promise<unknown>) => work() } as unknown as Database;
    const bounded = boundedDatabase(db, 2, 50);
    const run = (index: number, until: Promise<void>) =>
      bounded.transaction(async () => {
        begun.push(index);
        await until;
      });
    const [one, two] = [run(1, first.opened), run(2, second.opened)];
    await expect(run(3, first.opened)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const four = run(4, second.opened);
    first.open();
    await one;
    second.open();
    await Promise.all([two, four]);
    expect(begun).toEqual([1, 2, 4]);
    await run(5, first.opened);
  });

  test("is not taken up by what waits for one repository", async () => {
    const stuck = gate();
    const db = { transaction: (work: () => Promise<unknown>) => work() } as unknown as Database;
    const bounded = boundedDatabase(db, 4, 30_000);
    const begun: string[] = [];
    const run = (repository: string, until: Promise<void>) =>
      bounded.transaction(async () => {
        begun.push(repository);
        await until;
      }, repository);
    const waiting = Array.from({ length: 10 }, () => run("alpha/stuck", stuck.opened));
    for (let other = 0; other < 10; other += 1) await run(`alpha/${other}`, Promise.resolve());
    expect(begun.filter((repository) => repository === "alpha/stuck")).toHaveLength(2);
    stuck.open();
    await Promise.all(waiting);
    expect(begun).toHaveLength(20);
  });

  test("is not taken up by the reservations of one repository, which wait for what somebody holds", async () => {
    const held = ledger.open({ connections: 1 });
    const direct = ledger.open({ connections: 4 });
    const bounded = boundedDatabase(direct, 4, 30_000);
    const reserve = (repository: string, content: string) =>
      reserveTag(bounded, tagPush(content, { repository }), { leaseSeconds: 60, mutable: true });
    await reserve("alpha/stuck", "first");
    const waiting: Promise<unknown>[] = [];
    await held.transaction(async (tx) => {
      await tx.query("select from ledger.tag where repository = 'alpha/stuck' for update");
      for (let push = 0; push < 10; push += 1) waiting.push(reserve("alpha/stuck", `${push}`));
      expect(await reserve("alpha/other", "of its own")).toBe("new");
    });
    expect(await Promise.all(waiting)).toEqual(Array(10).fill(null));
  });

  test("goes on after work that failed", async () => {
    const bounded = boundedDatabase(ledger.db, 1);
    await expect(bounded.query("selekt nonsense")).rejects.toMatchObject({ code: "42601" });
    await expect(bounded.query("select 1 as one")).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });
});

async function put(tag: string, made: string) {
  const Authorization = await authority.bearer(["pull", "push"]);
  const headers = { Authorization, "Content-Type": "application/vnd.oci.image.manifest.v1+json" };
  const body = imageText({ annotations: { made } });
  return ask(gateway.url, `/v2/${REPOSITORY}/manifests/${tag}`, { method: "PUT", headers, body });
}

async function read(tag: string) {
  const headers = { Authorization: await authority.bearer(["pull"]) };
  return ask(gateway.url, `/v2/${REPOSITORY}/manifests/${tag}`, { headers });
}
