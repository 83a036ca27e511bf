import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compilePolicy } from "#access-policy/compile.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { listening } from "#tests/support/test-server.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const CONFIG = { mediaType: "application/vnd.oci.image.config.v1+json", size: 100 };
const POLICY = compilePolicy([
  {
    id: "hidden",
    effect: "deny",
    actions: ["pull"],
    repositories: ["hidden/**"],
    who: { kinds: ["anonymous", "oauth2"] },
    unless: { teams: ["alpha"] },
  },
  {
    id: "secret",
    effect: "deny",
    actions: ["pull"],
    repositories: ["*/secret"],
    who: { uids: ["bob"] },
  },
  {
    id: "public",
    effect: "allow",
    actions: ["pull"],
    repositories: ["alpha/app"],
    who: { kinds: ["anonymous"] },
  },
  { id: "all", effect: "allow", actions: ["pull"], repositories: ["**"], who: "logged-in" },
  { id: "own", effect: "allow", actions: ["push"], repositories: ["${team}/**"], who: "logged-in" },
]);

let ledger: StartedLedger;
let tokenServer: TestTokenServer;
let front: { readonly url: string; stop(): Promise<void> };
let gateway: TestGateway;

beforeAll(async () => {
  ledger = await startLedger();
  tokenServer = await startTestTokenServer({
    allowPublicRead: true,
    policy: { current: () => POLICY },
  });
  front = await listening(createServer(tokenServer.app));
  gateway = await startGateway({
    registryUrl: front.url,
    tokenServerUrl: front.url,
    db: ledger.open(),
  });
  await put("alpha/app", "1.0", "one", "2026-01-01T10:00:00.1234Z");
  await put("alpha/app", "0.9", "two", "2026-01-02T10:00:00Z");
  await put("alpha/deep/er", "1.0", "one", "2026-01-01T10:00:00Z");
  await put("alpha/secret", "1.0", "three", "2026-01-01T10:00:00Z");
  await put("hidden/app", "1.0", "four", "2026-01-01T10:00:00Z");
  await put("beta/application", "1.0", "five", "2026-01-01T10:00:00Z");
  await ledger.db.query("insert into ledger.repository (name) values ('empty/app')");
});
afterAll(async () => {
  await gateway.stop();
  await front.stop();
  await tokenServer.stop();
  await ledger.stop();
});

const imageOf = (content: string) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

async function put(repository: string, tag: string, content: string, at: string): Promise<void> {
  const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", size: 1_000 };
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: { ...CONFIG, digest: imageOf(content) },
    layers: [{ ...layer, digest: imageOf(`layer ${content}`) }],
  });
  const digest = imageOf(manifest);
  await ledger.db.query(
    `insert into ledger.manifest (repository, digest, media_type, content)
     values ($1, $2, 'application/vnd.oci.image.manifest.v1+json', $3)`,
    [repository, digest, Buffer.from(manifest)],
  );
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, $2, $3, 'alice', $4)`,
    [repository, tag, digest, at],
  );
}

/** As `pierone.api.request` of the CLI 1.x makes it: a bearer token, or nothing. */
function as(token: string | null, path: string, method = "GET", body?: object): Promise<Answer> {
  return ask(gateway.url, path, {
    method,
    headers: {
      Accept: "*/*",
      "User-Agent": "python-requests/2.31.0",
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
const jsonOf = ({ body }: Answer): unknown => JSON.parse(body.toString());

describe("the calls of the pierone CLI", () => {
  test.each<[string, string | null, string, unknown]>([
    ["teams", "alice-token", "/teams", ["alpha", "beta", "hidden"]],
    ["teams, of what may be known", "bob-token", "/teams", ["alpha", "beta"]],
    ["teams, of nobody in particular", null, "/teams", ["alpha"]],
    ["artifacts", "alice-token", "/teams/alpha/artifacts", ["app", "deep/er", "secret"]],
    ["artifacts, of what may be known", "bob-token", "/teams/alpha/artifacts", ["app", "deep/er"]],
    ["artifacts of no team", "bob-token", "/teams/hidden/artifacts", []],
    [
      "image_exists",
      "alice-token",
      "/v1/repositories/alpha/app/tags",
      { "1.0": imageOf("one"), "0.9": imageOf("two"), latest: imageOf("two") },
    ],
    ["a tag's image", "alice-token", "/v1/repositories/alpha/app/tags/latest", imageOf("two")],
    [
      "image",
      "alice-token",
      `/tags/${imageOf("one")}`,
      [
        { team: "alpha", artifact: "app", name: "1.0" },
        { team: "alpha", artifact: "deep/er", name: "1.0" },
      ],
    ],
    [
      "image by its beginning",
      "bob-token",
      `/tags/${imageOf("two").slice(7, 19)}`,
      [{ team: "alpha", artifact: "app", name: "0.9" }],
    ],
    ["stats", "bob-token", "/stats", { teams: 2, storage: 4 * 1_100 }],
    [
      "stats of teams",
      "bob-token",
      "/stats/teams",
      [
        { team: "alpha", stats: { artifacts: 2, tags: 3 } },
        { team: "beta", stats: { artifacts: 1, tags: 1 } },
      ],
    ],
    ["stats of a team", "alice-token", "/stats/teams/alpha", { artifacts: 3, tags: 4 }],
    ["ping", null, "/v1/_ping", true],
    ["login check", "alice-token", "/v1/users/", "OK"],
  ])("%s are answered", async (_name, token, path, wanted) => {
    const answer = await as(token, path);
    expect([answer.status, jsonOf(answer)]).toEqual([200, wanted]);
  });

  test("tags come oldest first, with dates of the only form that its client takes", async () => {
    const tags = jsonOf(await as("alice-token", "/teams/alpha/artifacts/app/tags")) as object[];
    expect(tags).toMatchObject([
      {
        name: "1.0",
        created: "2026-01-01T10:00:00.123Z",
        created_by: "alice",
        image: imageOf("one"),
      },
      {
        name: "0.9",
        created: "2026-01-02T10:00:00.000Z",
        created_by: "alice",
        image: imageOf("two"),
      },
    ]);
    expect(Object.keys(tags[0] ?? {})).toEqual([
      ...["name", "created", "created_by", "image", "clair_id", "clair_details"],
      ...["severity_fix_available", "severity_no_fix_available"],
    ]);
    const nested = jsonOf(await as("alice-token", "/teams/alpha/artifacts/deep%2Fer/tags"));
    expect(nested).toMatchObject([{ name: "1.0" }]);
    expect(jsonOf(await as("alice-token", "/teams/alpha/artifacts/app/tags/latest"))).toMatchObject(
      {
        ...{ name: "latest", image: imageOf("two") },
      },
    );
  });

  test("scm-source is told once it is known", async () => {
    const path = "/teams/alpha/artifacts/app/tags/1.0/scm-source";
    expect((await as("alice-token", path)).status).toBe(404);
    await ledger.db.query(
      `insert into ledger.scm_source (repository, digest, url, revision, author, status, origin, pushed_by)
       select repository, digest, 'git:x', 'abc', 'alice', '', 'header', 'alice' from ledger.tag
       where repository = 'alpha/app' and name = '1.0'`,
    );
    expect(jsonOf(await as("alice-token", path))).toMatchObject({ url: "git:x", revision: "abc" });
  });

  test("production-ready marks an image once, by who may push, with an SCM source, on record", async () => {
    const mark = async (
      token: string | null,
      image: string,
      body: object = { incident_id: "INC-1" },
    ) => (await as(token, `/teams/alpha/artifacts/${image}/production-ready`, "POST", body)).status;
    const sourced = "deep%2Fer/tags/1.0";
    await ledger.db.query(
      `insert into ledger.scm_source (repository, digest, url, revision, author, status, origin, pushed_by)
       select repository, digest, 'git:x', 'abc', 'alice', '', 'header', 'alice' from ledger.tag
       where repository = 'alpha/deep/er' and name = '1.0'`,
    );
    expect(await mark("bob-token", sourced)).toBe(403);
    expect(await mark(null, "app/tags/1.0")).toBe(401);
    expect(await mark("alice-token", "app/tags/0.9")).toBe(422);
    expect(await mark("alice-token", "app/tags/7")).toBe(404);
    expect(await mark("alice-token", sourced, { incident: "x" })).toBe(400);
    expect(await mark("alice-token", sourced)).toBe(200);
    expect(await mark("alice-token", sourced)).toBe(409);
    const { rows } = await ledger.db.query<{ content: string }>(
      "select content from audit.entry where action = 'image.marked'",
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.content).toContain("INC-1");
  });

  test("recheck says that there is no scanner", async () => {
    const recheck = (path: string) =>
      as("bob-token", `/teams/alpha/artifacts/${path}/recheck`, "POST");
    expect((await recheck("app/tags/1.0")).status).toBe(200);
    expect((await recheck("app")).status).toBe(200);
    expect((await recheck("secret")).status).toBe(404);
    expect((await recheck("app/tags/7")).status).toBe(404);
  });
});

describe("what a caller may not know of", () => {
  test.each([
    "/teams/hidden/artifacts/app/tags",
    "/teams/hidden/artifacts/app/tags/1.0",
    "/teams/hidden/artifacts/app/tags/1.0/scm-source",
    "/v1/repositories/hidden/app/tags",
    "/v1/repositories/hidden/app/tags/1.0",
    "/stats/teams/hidden",
    `/tags/${imageOf("four")}`,
  ])("is answered as what is not there: %s", async (path) => {
    const [hidden, missing] = [
      await as("bob-token", path),
      await as("bob-token", path.replace("hidden", "missing")),
    ];
    expect(hidden.status).toBe(404);
    expect(missing.status).toBe(404);
    if (!path.startsWith("/tags/")) expect(hidden.body).toEqual(missing.body);
    expect((await as("alice-token", path)).status).toBe(path.includes("scm") ? 404 : 200);
  });

  test("does not make a digest's beginning ambiguous", async () => {
    const answer = await as(null, "/tags/sha256:000");
    expect([404, 412]).toContain(answer.status);
    expect((await as("alice-token", `/tags/${imageOf("one").slice(0, 12)}`)).status).toBe(200);
  });

  test("nobody without a login that is good gets more than what is public", async () => {
    expect((await as("nobodys-token", "/teams")).status).toBe(401);
    expect((await as(null, "/v1/users")).status).toBe(401);
    expect((await as("alice-token", "/v1/users", "POST", {})).status).toBe(401);
  });
});

describe("docker search", () => {
  const found = async (token: string | null, query: string) => {
    const { results, ...rest } = jsonOf(await as(token, `/v1/search?${query}`)) as {
      results: { name: string }[];
    };
    return { names: results.map(({ name }) => name), ...rest };
  };

  test("ranks by name, then by pulls, and has what the engine needs", async () => {
    await ledger.db.query(
      "update ledger.repository set description = 'the app' where name = 'alpha/app'",
    );
    await ledger.db.query(
      "insert into ledger.pull_total (repository, tag, count, last_at) values ('alpha/app', '1.0', 7, now()), ('hidden/app', '1.0', 9, now())",
    );
    expect((await found("alice-token", "q=app")).names).toEqual([
      "hidden/app",
      "alpha/app",
      "beta/application",
    ]);
    await ledger.db.query(
      "update ledger.repository set official = true, automated = true, stars = 3 where name = 'alpha/app'",
    );
    const page = jsonOf(await as("bob-token", "/v1/search?q=APP&n=25")) as { results: object[] };
    expect(page).toMatchObject({
      num_results: 2,
      query: "APP",
      page: 1,
      page_size: 25,
      num_pages: 1,
    });
    expect(page.results[0]).toEqual({
      ...{ name: "alpha/app", description: "the app", star_count: 3 },
      ...{ is_official: true, is_automated: true, is_trusted: false },
    });
  });

  test("counts and shows what may be pulled alone", async () => {
    expect(await found(null, "q=app")).toMatchObject({ names: ["alpha/app"], num_results: 1 });
    expect(await found("bob-token", "q=secret")).toMatchObject({ names: [], num_results: 0 });
    expect(await found("alice-token", "q=&n=2&page=2")).toMatchObject({ page: 2, num_pages: 3 });
  });
});
