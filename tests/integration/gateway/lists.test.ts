import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import type { TestRegistry } from "#tests/support/registry.js";
import { pushSmall } from "#tests/support/small-images.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { replyWith, startUpstream } from "#tests/support/upstream-double.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { discoverer } from "../discovery/support/discoverer.js";
import { registryPrograms, startDeletingRegistry } from "../tags/support/registry.js";

/** In the order of their bytes; pushed in another. */
const TAGS = ["1.0", "10.0", "2.0", "B", "_1", "a", "a-b", "v10", "v9"];
const DELETED = ["10.0", "B", "_1"];
const LIST = "/v2/alpha/app/tags/list";
/** Whoever answers: the registry, or the ledger once a pass of discovery has compared it. */
const WHO = registryPrograms().flatMap(({ file, version }) =>
  ["registry", "ledger"].map((source) => ({ file, version, source })),
);
const OTHERS = ["alpha/app-more", "alpha/app/below", "alpha/kept", "beta/app"];

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: TestRegistry;
let gateway: TestGateway;
let bearer: string;
let headers: Record<string, string>;

beforeAll(async () => {
  ledger = await startLedger();
  authority = await startTokenAuthority();
  const actions = ["pull", "push", "delete"] as const;
  const repositories = ["alpha/app", "alpha/less", "alpha/none", "alpha/nothing", ...OTHERS];
  const access = [
    { type: "registry", name: "catalog", actions: ["*"] },
    ...repositories.map((name) => ({ type: "repository", name, actions })),
  ] as const;
  bearer = `Bearer ${await authority.sign({ access })}`;
  headers = { Authorization: bearer };
});
afterAll(async () => {
  await authority.server.stop();
  await ledger.stop();
});

async function start(file: string, source: string): Promise<void> {
  await ledger.clear();
  registry = await startDeletingRegistry(file);
  gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
    hears: ledger.config,
    allowDelete: true,
    policy: compileTagPolicy([{ id: "deletable", effect: "immutable", deletable: true }]),
  });
  for (const tag of ["v9", "a", "2.0", "_1", "1.0", "v10", "B", "10.0", "a-b"])
    for (const name of ["alpha/app", "alpha/less"])
      expect((await pushSmall({ url: gateway.url, name, bearer }, tag)).status).toBe(201);
  for (const name of OTHERS)
    expect((await pushSmall({ url: gateway.url, name, bearer }, "1.0")).status).toBe(201);
  if (source === "registry") return;
  await discoverer(ledger, ledger.db, registry.url)();
}

async function stop(): Promise<void> {
  await gateway.stop();
  await registry.stop();
}

describe.each(WHO)("of the $source, with registry $version, a list of tags", ({ file, source }) => {
  beforeAll(() => start(file, source));
  afterAll(stop);

  test.each<[query: string, tags: readonly string[], link: string | undefined]>([
    ["", TAGS, undefined],
    ["?n=2", ["1.0", "10.0"], "last=10.0&n=2"],
    ["?n=2&last=10.0", ["2.0", "B"], "last=B&n=2"],
    ["?last=a", ["a-b", "v10", "v9"], undefined],
    ["?n=9", TAGS, undefined],
    ["?n=8", TAGS.slice(0, 8), "last=v10&n=8"],
    ["?n=999999999999", TAGS, undefined],
    ["?n=3&last=a", ["a-b", "v10", "v9"], undefined],
    ["?n=2&last=a", ["a-b", "v10"], "last=v10&n=2"],
    ["?n=0", [], undefined],
    ["?n=0&last=a", [], undefined],
    ["?last=v9", [], undefined],
    ["?n=5&last=v9", [], undefined],
    ["?n=5&last=zzz", [], undefined],
    ["?n=1&last=between", ["v10"], "last=v10&n=1"],
    ["?last=&n=1", ["1.0"], "last=1.0&n=1"],
  ])("%s has what was asked for, and a Link when there is more", async (query, tags, link) => {
    const answer = await get(`${LIST}${query}`);
    expect(answer.status).toBe(200);
    expect(bodyOf(answer)).toEqual({ name: "alpha/app", tags });
    expect(answer.headers.link).toBe(
      link === undefined ? undefined : `<${LIST}?${link}>; rel="next"`,
    );
    const head = await ask(gateway.url, `${LIST}${query}`, { method: "HEAD", headers });
    expect([head.status, head.headers.link]).toEqual([200, answer.headers.link]);
    expect(head.headers["content-length"]).toBe(answer.headers["content-length"]);
  });

  test.each([1, 2, 4, 100])("is gone through by Link and by last, %i at once", async (n) => {
    expect((await byLink(`${LIST}?n=${n}`, "tags")).flat()).toEqual(TAGS);
    const seen: string[] = [];
    for (let page = 0; page <= TAGS.length; page += 1) {
      const tags = tagsOf(await get(`${LIST}?n=${n}&last=${seen.at(-1) ?? ""}`));
      if (tags.length === 0) break;
      seen.push(...tags);
    }
    expect(seen).toEqual(TAGS);
  });

  test.each([LIST, "/v2/_catalog"])("%s with a number that is none is refused", async (path) => {
    for (const n of ["-1", "-100", "x", "1.5", "%2B1", "1e3", "0x10", "9".repeat(40)]) {
      const answer = await get(`${path}?n=${n}`);
      expect(answer.status).toBe(400);
      const detail = { n: decodeURIComponent(n) };
      expect(errorOf(answer)).toMatchObject({ code: "UNSUPPORTED", detail });
    }
  });

  test.each(["", "?n=0", "?n=2&last=a"])("of nothing says so: %s", async (query) => {
    const answer = await get(`/v2/alpha/none/tags/list${query}`);
    expect(answer.status).toBe(404);
    expect(errorOf(answer).code).toBe("NAME_UNKNOWN");
  });

  test("has full pages also where tags were deleted", async () => {
    for (const tag of DELETED) {
      const path = `/v2/alpha/less/manifests/${tag}`;
      expect((await ask(gateway.url, path, { method: "DELETE", headers })).status).toBe(202);
    }
    const kept = TAGS.filter((tag) => !DELETED.includes(tag));
    const list = LIST.replace("alpha/app", "alpha/less");
    expect(await byLink(`${list}?n=2`, "tags")).toEqual([
      kept.slice(0, 2),
      kept.slice(2, 4),
      kept.slice(4),
    ]);
    expect(tagsOf(await get(`${list}?n=1&last=2.0`))).toEqual(["a"]);
    expect(tagsOf(await get(list))).toEqual(kept);
  });
});

describe.each(WHO)("of the $source, with registry $version, the catalog", ({ file, source }) => {
  beforeAll(() => start(file, source));
  afterAll(stop);

  const all = [
    ...["alpha/app", "alpha/app/below", "alpha/app-more", "alpha/kept", "alpha/less"],
    "beta/app",
  ];

  test.each([1, 2, 5, 100])("is gone through by Link, %i at once", async (n) => {
    expect((await byLink(`/v2/_catalog?n=${n}`, "repositories")).flat()).toEqual(all);
  });

  test("starts where it is asked to, and has nothing when nothing is asked for", async () => {
    expect(bodyOf(await get("/v2/_catalog?last=alpha/app-more"))).toEqual({
      repositories: all.slice(all.indexOf("alpha/app-more") + 1),
    });
    expect(bodyOf(await get("/v2/_catalog?last=alpha/app.gone"))).toMatchObject({
      repositories: expect.arrayContaining(["alpha/kept", "beta/app"]),
    });
    expect(bodyOf(await get("/v2/_catalog?n=0"))).toEqual({ repositories: [] });
  });

  test("with more than a registry gives at once is as much as it gives", async () => {
    expect(bodyOf(await get("/v2/_catalog?n=1001"))).toEqual({ repositories: all });
  });
});

describe.each(registryPrograms())("compared with registry $version", ({ file }) => {
  beforeAll(() => start(file, "ledger"));
  afterAll(() => gateway.stop());

  test("lists are there without it, and have what was pushed, not what was deleted", async () => {
    const path = "/v2/alpha/app/manifests";
    expect((await ask(gateway.url, `${path}/a`, { method: "DELETE", headers })).status).toBe(202);
    const to = { url: gateway.url, name: "alpha/app", bearer: headers["Authorization"] ?? "" };
    for (const tag of ["1.2", "1.20", "1.2.0"]) expect((await pushSmall(to, tag)).status).toBe(201);
    expect((await pushSmall({ ...to, name: "alpha/none" }, "1.0")).status).toBe(201);
    await registry.stop();
    const kept = TAGS.filter((tag) => tag !== "a");
    const all = [...kept, "1.2", "1.20", "1.2.0"].sort();
    expect((await byLink(`${LIST}?n=2`, "tags")).flat()).toEqual(all);
    // A tag that is gone is still a place in the list.
    expect(tagsOf(await get(`${LIST}?n=2&last=a`))).toEqual(["a-b", "v10"]);
    expect(bodyOf(await get("/v2/_catalog"))).toEqual({
      repositories: [
        ...["alpha/app", "alpha/app/below", "alpha/app-more", "alpha/kept", "alpha/less"],
        "alpha/none",
        "beta/app",
      ],
    });
    // Its list was not compared yet: somebody may have pushed there past the gateway.
    expect((await get("/v2/alpha/none/tags/list")).status).toBe(503);
  });

  test("a page has a thousand names at most, and a Link to the rest", async () => {
    await ledger.db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select 'alpha/kept', 'n' || to_char(t, 'FM0000'), 'sha256:' || repeat('a', 64), 'alice', now()
       from generate_series(1, 1200) as t`,
    );
    const pages = await byLink("/v2/alpha/kept/tags/list?n=5000", "tags");
    expect(pages.map((page) => (page as string[]).length)).toEqual([1_000, 201]);
    expect(tagsOf(await get("/v2/alpha/kept/tags/list"))).toHaveLength(1_201);
  });

  test("virtual latest is listed where that is configured, once there is any tag", async () => {
    const latest = await startGateway({
      registryUrl: registry.url,
      tokenServerUrl: authority.server.url,
      db: ledger.open(),
      listLatest: true,
    });
    const listed = async (name: string, query = "") =>
      tagsOf(await ask(latest.url, `/v2/${name}/tags/list${query}`, { headers }));
    expect(await listed("beta/app")).toEqual(["1.0", "latest"]);
    expect(await listed("beta/app", "?last=k")).toEqual(["latest"]);
    expect(await listed("beta/app", "?last=latest")).toEqual([]);
    await ledger.db
      .query(`insert into ledger.repository (name, compared_at) values ('alpha/nothing', now())
      on conflict (name) do update set compared_at = now()`);
    expect(await listed("alpha/nothing")).toEqual([]);
    await latest.stop();
    await ledger.db.query("delete from ledger.repository where name = 'alpha/nothing'");
    expect(tagsOf(await get("/v2/beta/app/tags/list"))).toEqual(["1.0"]);
  });

  test("what the registry calls latest is listed where it is no tag of the ledger", async () => {
    await ledger.db.query(
      `update ledger.repository set lists_latest = true where name = 'alpha/less'`,
    );
    const list = LIST.replace("alpha/app", "alpha/less");
    const [first = [], second = []] = (await byLink(`${list}?n=8`, "tags")) as string[][];
    expect([...first, ...second].filter((tag) => tag === "latest")).toEqual(["latest"]);
    expect([...first, ...second]).toEqual([...first, ...second].sort());
    expect(tagsOf(await get(`${list}?last=latest`))).not.toContain("latest");
  });
});

describe("a registry's list that is none", () => {
  test.each([
    ["no JSON", "<html>"],
    ["no list", '{"name":"alpha/app"}'],
    ["tags that are no texts", '{"name":"alpha/app","tags":[1]}'],
  ])("is not passed on: %s", async (_what, body) => {
    const upstream = await startUpstream(replyWith(200, {}, body));
    const tokenServerUrl = authority.server.url;
    const between = await startGateway({ registryUrl: upstream.url, tokenServerUrl });
    const answer = await ask(between.url, LIST, { headers });
    expect([answer.status, errorOf(answer).code]).toEqual([503, "UNAVAILABLE"]);
    await between.stop();
    await upstream.stop();
  });
});

function get(target: string): Promise<Answer> {
  return ask(gateway.url, target, { headers });
}

function bodyOf(answer: Answer): unknown {
  return JSON.parse(answer.body.toString());
}

function tagsOf(answer: Answer): readonly string[] {
  expect(answer.status).toBe(200);
  return (bodyOf(answer) as { tags: string[] }).tags;
}

/** Follows links from page to page. */
async function byLink(first: string, key: string): Promise<unknown[]> {
  const pages: unknown[] = [];
  let next: string | undefined = first;
  while (next !== undefined && pages.length < 20) {
    const answer = await get(next);
    expect(answer.status).toBe(200);
    pages.push((bodyOf(answer) as Record<string, unknown>)[key]);
    next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link))?.[1];
  }
  return pages;
}
