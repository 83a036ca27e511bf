import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { imageText } from "#tests/support/manifest-texts.js";
import { manifestRegistry, type ManifestRegistry } from "#tests/support/manifest-registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";

const OURS = imageText({ made: "by us" });
const FOREIGN = imageText({ made: "behind our back" });

let ledger: StartedLedger;
let authority: TokenAuthority;
let upstream: UpstreamDouble;
let registry: ManifestRegistry;
let gateway: TestGateway;
let bearer: string;
let db: Database;
let relay: TcpRelay;
let told: { readonly event: string }[];

useLedger((started) => {
  ledger = started;
});
beforeAll(async () => {
  authority = await startTokenAuthority();
  upstream = await startUpstream();
  bearer = await authority.bearer(["pull", "push"]);
});
beforeEach(async () => {
  registry = manifestRegistry();
  upstream.answerWith(registry.handler);
  told = [];
  const log = { ...SILENT, error: (line: { event: string }) => told.push(line) } as never;
  relay = await startRelay(ledger.config.port);
  const config = { ...ledger.config, port: relay.port };
  db = openDatabase(config, { name: "test", connections: 4 }, log);
  gateway = await startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
    db,
  });
  expect((await put("1.0", OURS)).status).toBe(201);
  expect((await read("1.0")).status).toBe(200);
  registry.write("alpha/app", "1.0", FOREIGN);
});
afterEach(async () => {
  await gateway.stop();
  relay.release();
  await db.close();
  await relay.cut();
});
afterAll(async () => {
  await upstream.stop();
  await authority.server.stop();
});

describe.each([
  ["tables that are away, as while a backup is restored", "alter schema ledger rename to away", "alter schema away rename to ledger"], // prettier-ignore
  ["a table without a column that it had", "alter table ledger.tag rename digest to away", "alter table ledger.tag rename away to digest"], // prettier-ignore
])("a ledger with %s", (_what, breaking, mending) => {
  test("costs no read by tag, refuses a push with 503, and is told of loudly", async () => {
    await ledger.db.query(breaking);
    try {
      expect((await read("1.0")).body.toString()).toBe(OURS);
      registry.write("alpha/app", "2.0", FOREIGN);
      expect((await read("2.0")).body.toString()).toBe(FOREIGN);
      upstream.seen.length = 0;
      const refused = await put("1.1", OURS);
      expect([refused.status, errorOf(refused).code]).toEqual([503, "UNAVAILABLE"]);
      expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
      expect(upstream.seen.filter(({ method }) => method === "PUT")).toEqual([]);
      expect(told.map(({ event }) => event)).toContain("database.unusable");
    } finally {
      await ledger.db.query(mending);
    }
    expect((await put("1.1", OURS)).status).toBe(201);
  });
});

test("a ledger that hangs keeps one reader of a tag waiting, and no other", async () => {
  relay.hold();
  for (let reads = 0; reads < 50; reads += 1)
    expect((await read("1.0")).body.toString()).toBe(OURS);
  relay.release();
  await eventually("pushes go on", async () => (await put("1.1", OURS)).status === 201);
}, 60_000);

test("a table that somebody holds keeps one reader of a tag waiting, and no other", async () => {
  await ledger.db.transaction(async (tx) => {
    await tx.query("lock table ledger.tag");
    for (let reads = 0; reads < 50; reads += 1)
      expect((await read("1.0")).body.toString()).toBe(OURS);
  });
  expect((await put("1.1", OURS)).status).toBe(201);
}, 60_000);

function put(tag: string, content: string): Promise<Answer> {
  const type = "application/vnd.oci.image.manifest.v1+json";
  return ask(gateway.url, `/v2/alpha/app/manifests/${tag}`, {
    method: "PUT",
    body: content,
    headers: { Authorization: bearer, "Content-Type": type },
  });
}

function read(tag: string): Promise<Answer> {
  return ask(gateway.url, `/v2/alpha/app/manifests/${tag}`, { headers: { Authorization: bearer } });
}
