import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Sink } from "#gateway/events/sink.js";
import { prunePulls } from "#gateway/pulls/sql/forget-pulls.js";
import type { Action } from "#registry-protocol/scope.js";
import type { Database } from "#service-kit/db/pool.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { createLedger, type TestLedger } from "#tests/support/ledger.js";
import { manifestRegistry } from "#tests/support/manifest-registry.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";
import { image, index, type TestManifest } from "../tags/support/manifests.js";

const REPOSITORY = "alpha/app";
const HOUR = 3_600_000;

/** A sink that wants pulls of one repository and is never delivered to. */
const PULLS: Sink = {
  name: "pulls",
  kind: "webhook",
  ordered: true,
  target: "nowhere",
  wants: ({ action, repository }) => action === "pull" && repository === REPOSITORY,
  deliver: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

let postgres: TestPostgres;
let ledger: TestLedger;
let relay: TcpRelay;
let db: Database;
let authority: TokenAuthority;
let registry: UpstreamDouble;
let gateway: TestGateway;
// Nothing is on record as later than now.
let now = Date.now() - 30 * 24 * HOUR;

const amd = image("amd64");
const arm = image("arm64");
const both = index("both", amd, arm);

beforeAll(async () => {
  postgres = await startTestPostgres();
  ledger = await createLedger(postgres);
  relay = await startRelay(postgres.login.port);
  db = ledger.open();
  authority = await startTokenAuthority();
  registry = await startUpstream(manifestRegistry().handler);
  gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
    db: ledger.open({ port: relay.port }),
    sinks: [PULLS],
    now: () => now,
  });
});
beforeEach(async () => {
  await ledger.clear();
  await push(amd);
  await push(arm);
  await push(both, "1.0");
  now += HOUR;
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
  await authority.server.stop();
  await ledger.close();
  await relay.cut();
  await postgres.stop();
});

describe("a pull", () => {
  test("of a tag is one, with its platform's manifest", async () => {
    await read("1.0");
    await read(amd.digest);
    expect(await recorded()).toEqual([{ tag: "1.0", digest: both.digest, count: 1 }]);
  });

  test("by way of HEAD and digest, as containerd does it, is one of the tag", async () => {
    await read("1.0", { method: "HEAD" });
    await read(both.digest);
    await read(arm.digest);
    expect(await recorded()).toEqual([{ tag: "1.0", digest: both.digest, count: 1 }]);
  });

  test("of a tag of a platform's manifest is one, though its index was pulled before", async () => {
    await push(amd, "amd-1.0");
    await read("1.0");
    await read(amd.digest);
    await read("amd-1.0");
    expect(await recorded()).toHaveLength(2);
  });

  test("of another repository is not announced to who does not want it", async () => {
    const Authorization = await authority.bearer(["pull", "push"], "alpha/other");
    const headers = { Authorization, "Content-Type": amd.mediaType };
    const target = `/v2/alpha/other/manifests/${amd.digest}`;
    await ask(gateway.url, target, { method: "PUT", headers, body: amd.text });
    await ask(gateway.url, target, { headers });
    await gateway.flushPulls();
    const { rows } = await db.query(
      "select from ledger.event where repository = 'alpha/other' and action = 'pull'",
    );
    expect(rows).toEqual([]);
  });

  test("of a platform's manifest long after its index is one of its own", async () => {
    await read("1.0");
    now += 61_000;
    await read(amd.digest);
    expect(await recorded()).toEqual([
      { tag: "1.0", digest: both.digest, count: 1 },
      { tag: "", digest: amd.digest, count: 1 },
    ]);
  });

  test("of a platform's manifest by somebody else is one of its own", async () => {
    await read("1.0");
    await read(amd.digest, { subject: "bob" });
    expect(await recorded()).toHaveLength(2);
  });

  test("by digest long after a HEAD of the tag is one of the digest", async () => {
    await read("1.0", { method: "HEAD" });
    now += 61_000;
    await read(both.digest);
    expect(await recorded()).toEqual([{ tag: "", digest: both.digest, count: 1 }]);
  });

  test("that got nothing is none", async () => {
    await read("1.0", { method: "HEAD" });
    await read("2.0");
    await read(image("other").digest);
    expect(await recorded()).toEqual([]);
    expect(await gateway.metrics()).toContain("image_pulls_waiting 0");
  });

  test("waits in memory while Postgres is away and is written when it is back", async () => {
    await read("1.0");
    await relay.cut();
    await read("1.0");
    await read(amd.digest);
    await gateway.flushPulls();
    now += HOUR;
    await relay.mend();
    expect(await recorded()).toEqual([{ tag: "1.0", digest: both.digest, count: 2 }]);
  });

  test("is announced to sinks that want pulls, once for each caller and flush", async () => {
    await read("1.0");
    await read("1.0");
    await read("1.0", { subject: "bob" });
    await gateway.flushPulls();
    const { rows } = await db.query<{ sink: string; content: { detail: { count: number } } }>(
      `select sink, content from ledger.delivery join ledger.event on event.id = delivery.event
       where action = 'pull' order by position`,
    );
    expect(rows.map(({ content }) => content.detail.count).sort()).toEqual([1, 2]);
  });
});

describe("what is on record", () => {
  test("says who pulled, from where, how often and since when, the latest first", async () => {
    const firstAt = new Date(now).toISOString();
    await read("1.0");
    now += 1_000;
    await read("1.0");
    await read("1.0", { subject: "bob", userAgent: "x".repeat(300) });
    const lastAt = new Date(now).toISOString();
    const answer = await list("");
    expect(answer.status).toBe(200);
    const what = { tag: "1.0", digest: both.digest, realm: "/employees", kind: "oauth2" };
    const who = { ...what, address: "127.0.0.1" };
    const by = (userAgent: string) => ({ userAgent, userAgents: [userAgent] });
    const bob = { uid: "bob", ...by("x".repeat(200)), count: 1, firstAt: lastAt, lastAt };
    const alice = { uid: "alice", ...by("docker/28"), count: 2, firstAt, lastAt };
    const { pulledBy, ...rest } = bodyOf(answer) as { pulledBy: { uid: string }[] };
    const leftOut = { records: 0, pulls: 0 };
    const none = { leftOut, next: null };
    expect(rest).toEqual({ repository: REPOSITORY, pulls: 3, lastPulledAt: lastAt, ...none });
    expect([...pulledBy].sort((a, b) => (a.uid < b.uid ? -1 : 1))).toEqual([
      { ...who, ...alice },
      { ...who, ...bob },
    ]);
  });

  test("can be asked for by tag, digest and time", async () => {
    await read("1.0");
    now += HOUR;
    await read(amd.digest);
    const since = encodeURIComponent(new Date(now).toISOString());
    expect(await digestsOf("?tag=1.0")).toEqual([both.digest]);
    expect(await digestsOf(`?digest=${amd.digest}`)).toEqual([amd.digest]);
    expect(await digestsOf(`?since=${since}`)).toEqual([amd.digest]);
    expect(await digestsOf("")).toEqual([amd.digest, both.digest]);
  });

  test("comes page by page and misses none", async () => {
    for (const subject of ["a", "b", "c", "d", "e"]) await read("1.0", { subject });
    const seen: string[] = [];
    let cursor: string | null = "";
    for (let page = 0; cursor !== null && page < 9; page += 1) {
      const query = cursor === "" ? "?limit=2" : `?limit=2&cursor=${cursor}`;
      const body = bodyOf(await list(query)) as {
        pulledBy: { uid: string }[];
        next: string | null;
      };
      seen.push(...body.pulledBy.map(({ uid }) => uid));
      cursor = body.next;
    }
    expect(seen.sort()).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("counts for all who may pull, and goes on counting when who pulled is forgotten", async () => {
    await read("1.0");
    await gateway.flushPulls();
    await db.query("update ledger.pull set last_at = now() - interval '91 days'");
    await prunePulls(db, 90);
    expect(await recorded()).toEqual([]);
    for (const query of ["", "?tag=1.0"]) {
      const answer = await get(`/api/v1/repositories/${REPOSITORY}${query}`, ["pull"]);
      expect(answer.status).toBe(200);
      expect(bodyOf(answer)).toMatchObject({ repository: REPOSITORY, pulls: 1 });
    }
  });

  test("is bounded: of more than a thousand addresses of one name the oldest are forgotten", async () => {
    await fill("1.0", both.digest, 1_000);
    await read("1.0");
    await gateway.flushPulls();
    expect(await keptAndOldest()).toEqual({ count: 1000, oldest: 999 });
    expect(bodyOf(await list(""))).toMatchObject({ leftOut: { records: 1, pulls: 1 } });
  });

  test("is not pushed out by who pulls from other addresses, without a login, or by other programs", async () => {
    await read("1.0", { subject: "bob" });
    now += HOUR;
    await fill("1.0", both.digest, 1_000, { uid: "mallory" });
    await fill("1.0", both.digest, 1_000, { uid: "" });
    await read("1.0", { subject: "mallory" });
    now += 1_000;
    for (let i = 0; i < 7; i += 1) await read("1.0", { subject: "carol", userAgent: `p/${i}` });
    await gateway.flushPulls();
    expect(await keptByName()).toEqual(
      new Map([
        ["", 1_000],
        ["bob", 1],
        ["carol", 1],
        ["mallory", 1_000],
      ]),
    );
    const { pulledBy } = bodyOf(await list("?limit=1")) as { pulledBy: object[] };
    expect(pulledBy).toMatchObject([
      { uid: "carol", userAgent: "p/6", userAgents: ["p/6", "p/5", "p/4", "p/3", "p/2"], count: 7 },
    ]);
  });

  test.each([
    ["a tag", "1.0"],
    ["no tag", ""],
  ])("is bounded for each digest alone, pulled by %s", async (_by, tag) => {
    await fill(tag, arm.digest, 1_000);
    await fill(tag, amd.digest, 1_000);
    await read(tag === "" ? both.digest : tag);
    await gateway.flushPulls();
    expect(await keptByDigest()).toEqual(
      new Map([
        [arm.digest, 1_000],
        [amd.digest, 1_000],
        [both.digest, 1],
      ]),
    );
  });

  test("is bounded for the whole repository, where who has most loses the oldest", async () => {
    await read("1.0", { subject: "bob" });
    now += HOUR;
    await fill("0.9", amd.digest, 30_000, { uid: "mallory" });
    await fill("0.9", arm.digest, 20_999, { uid: "mallory", after: 30_000 });
    await fill("0.9", arm.digest, 500, { uid: "carol", after: 60_000 });
    await read("1.0");
    await gateway.flushPulls();
    expect(await keptByName()).toEqual(
      new Map([
        ["alice", 1],
        ["bob", 1],
        ["carol", 500],
        ["mallory", 49_498],
      ]),
    );
    expect(await keptAndOldest("mallory")).toEqual({ count: 49_498, oldest: 49_498 });
    const leftOut = { records: 1_501, pulls: 1_501 };
    expect(bodyOf(await list("?limit=1"))).toMatchObject({ leftOut });
    const today = await db.query("select from ledger.pull_day");
    expect(today.rowCount).toBe(2);
  });

  test.each(["", "/pulls"])("is counted for a digest alone: …%s", async (end) => {
    await read("1.0");
    await read("1.0", { subject: "bob" });
    now += HOUR;
    await read(amd.digest);
    expect(await total(end, `?digest=${both.digest}`)).toMatchObject({
      digest: both.digest,
      pulls: 2,
      lastPulledAt: new Date(now - HOUR).toISOString(),
    });
    expect(await total(end, `?digest=${amd.digest}`)).toMatchObject({ pulls: 1 });
    expect(await total(end, `?digest=${amd.digest}&tag=1.0`)).toMatchObject({
      tag: "1.0",
      digest: amd.digest,
      pulls: 0,
      lastPulledAt: null,
    });
    expect(await total(end, `?digest=${arm.digest}`)).toMatchObject({ pulls: 0 });
  });

  test("of a digest that nobody pushed or pulled is nothing", async () => {
    const query = `?digest=${image("other").digest}`;
    const answer = await get(`/api/v1/repositories/${REPOSITORY}${query}`, ["pull"]);
    expect(answer.status).toBe(404);
    expect(errorOf(answer).code).toBe("NOT_FOUND");
    expect((await list(query)).status).toBe(404);
  });

  test("of a repository that nobody pushed is nothing", async () => {
    const answer = await get("/api/v1/repositories/alpha/none", ["pull"], "alpha/none");
    expect(answer.status).toBe(404);
    expect((await get(`/api/v1/repositories/${REPOSITORY}?tag=9.9`, ["pull"])).status).toBe(404);
  });
});

describe("whoever may not", () => {
  test("push is told how often something was pulled, but not by whom", async () => {
    await read("1.0");
    const answer = await get(`/api/v1/repositories/${REPOSITORY}/pulls`, ["pull"]);
    expect(answer.status).toBe(401);
    expect(errorOf(answer).code).toBe("UNAUTHORIZED");
    expect(answer.headers["www-authenticate"]).toContain(`repository:${REPOSITORY}:pull,push`);
    expect(answer.body.toString()).not.toContain("127.0.0.1");
    const counted = await get(`/api/v1/repositories/${REPOSITORY}`, ["pull"]);
    expect([counted.status, counted.body.toString()]).toEqual([
      200,
      expect.not.stringContaining("127.0.0.1"),
    ]);
  });

  test.each(["", "/pulls"])("pull learns nothing, not even what there is: …%s", async (end) => {
    const answers = await Promise.all(
      ["alpha/app", "alpha/not"].map((name) =>
        get(`/api/v1/repositories/${name}${end}`, ["pull", "push"], "beta/other"),
      ),
    );
    const [there, not] = answers.map(({ status, headers, body }) => [
      status,
      body
        .toString()
        .replaceAll("alpha/not", "alpha/app")
        .replaceAll(headers["x-request-id"] as string, "…"),
    ]);
    expect(there?.[0]).toBe(401);
    expect(there).toEqual(not);
  });

  test.each(["", "/pulls"])("send a body is told so: …%s", async (end) => {
    const headers = { Authorization: await authority.bearer(["pull", "push"]) };
    const target = `/api/v1/repositories/${REPOSITORY}${end}`;
    const answer = await ask(gateway.url, target, { headers, body: "{}" });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toMatch(/must not have a body/);
  });

  test("name a method that reads is told so", async () => {
    const target = `/api/v1/repositories/${REPOSITORY}/pulls`;
    const answer = await ask(gateway.url, target, { method: "DELETE" });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe("GET, HEAD");
  });
});

async function push({ text, digest, mediaType }: TestManifest, tag?: string): Promise<void> {
  const Authorization = await authority.bearer(["pull", "push"]);
  const target = `/v2/${REPOSITORY}/manifests/${tag ?? digest}`;
  const headers = { Authorization, "Content-Type": mediaType };
  const answer = await ask(gateway.url, target, { method: "PUT", headers, body: text });
  expect(answer.status).toBe(201);
}

async function read(
  reference: string,
  options: { method?: string; subject?: string; userAgent?: string } = {},
): Promise<void> {
  const { method = "GET", subject = "alice", userAgent = "docker/28" } = options;
  const access = [{ type: "repository", name: REPOSITORY, actions: ["pull" as const] }];
  const headers = {
    Authorization: `Bearer ${await authority.sign({ subject, access })}`,
    "User-Agent": userAgent,
  };
  await ask(gateway.url, `/v2/${REPOSITORY}/manifests/${reference}`, { method, headers });
}

async function get(
  target: string,
  actions: readonly Action[],
  repository?: string,
): Promise<Answer> {
  await gateway.flushPulls();
  const headers = { Authorization: await authority.bearer(actions, repository) };
  return ask(gateway.url, target, { headers });
}

function list(query: string): Promise<Answer> {
  return get(`/api/v1/repositories/${REPOSITORY}/pulls${query}`, ["pull", "push"]);
}

async function total(end: string, query: string): Promise<unknown> {
  return bodyOf(await get(`/api/v1/repositories/${REPOSITORY}${end}${query}`, ["pull", "push"]));
}

/** Puts one pull each on record from addresses that are named by how many seconds ago it was. */
async function fill(
  tag: string,
  digest: string,
  addresses: number,
  { uid = "alice", after = 0 } = {},
): Promise<void> {
  await db.query(
    `insert into ledger.pull select $1, $2, $3, $7 || i, $7, '/employees', 'oauth2', i::text, '', 1, $6::timestamptz,
       $6::timestamptz - i * interval '1 second' from generate_series($4::int + 1, $4::int + $5::int) as i`,
    [REPOSITORY, tag, digest, after, addresses, new Date(now), uid],
  );
}

async function keptAndOldest(
  uid = "alice",
): Promise<{ count: number; oldest: number } | undefined> {
  const { rows } = await db.query<{ count: number; oldest: number }>(
    `select count(*)::int as count, max(case when address ~ '^[0-9]+$' then address::int end) as oldest
     from ledger.pull where uid = $1`,
    [uid],
  );
  return rows[0];
}

async function keptByName(): Promise<Map<string, number>> {
  const { rows } = await db.query<{ uid: string; count: number }>(
    "select uid, count(*)::int as count from ledger.pull group by uid order by uid",
  );
  return new Map(rows.map(({ uid, count }) => [uid, count]));
}

async function keptByDigest(): Promise<Map<string, number>> {
  const { rows } = await db.query<{ digest: string; count: number }>(
    "select digest, count(*)::int as count from ledger.pull group by digest",
  );
  return new Map(rows.map(({ digest, count }) => [digest, count]));
}

async function digestsOf(query: string): Promise<string[]> {
  const body = bodyOf(await list(query)) as { pulledBy: { digest: string }[] };
  return body.pulledBy.map(({ digest }) => digest);
}

function bodyOf({ body }: Answer): unknown {
  return JSON.parse(body.toString());
}

async function recorded(): Promise<{ tag: string; digest: string; count: number }[]> {
  await gateway.flushPulls();
  const { rows } = await db.query<{ tag: string; digest: string; count: number }>(
    "select tag, digest, count::int as count from ledger.pull order by first_at, uid",
  );
  return rows;
}
