import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, putImage, startRestStack, type AskedAs, type RestStack } from "./support/stack.js";

let stack: RestStack;
let rest: RestStack["rest"];
let digest: string;

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
  const { ledger } = stack;
  digest = await putImage(ledger, "alpha/app", "1.0", "one");
  await putImage(ledger, "alpha/app", "1.1", "two");
  await putImage(ledger, "public/tool", "1.0", "one");
  await putImage(ledger, "hidden/app", "1.0", "one");
  await ledger.db.query(
    `insert into ledger.pull_total (repository, tag, count, last_at)
     values ('alpha/app', '1.0', 3, '2026-11-21T12:00:00Z'), ('hidden/app', '1.0', 9, '2026-11-21T12:00:00Z')`,
  );
  await ledger.db.query(
    `update ledger.tag set drift_digest = $1, drift_since = '2026-11-21T12:00:00Z' where name = '1.1' or repository = 'hidden/app'`,
    [digest],
  );
  const actor = { ...SYSTEM, uid: "alice", realm: "/employees", kind: "oauth2" };
  for (const [repository, action] of [
    ["alpha/app", "tag.pushed"],
    ["alpha/app", "tag.refused"],
    ["hidden/app", "tag.refused"],
  ] as const)
    await ledger.db.transaction((tx) =>
      recordAudit(tx, {
        ...{ action, actor, repository, tag: "1.0", digest, reason: "stored", detail: {} },
      }),
    );
});
afterAll(() => stack.stop());

const APP = "/repositories/alpha/app";

describe("what the document shows of lists is what is answered", () => {
  const operations: readonly (readonly [id: string, path: () => string, asked: AskedAs])[] = [
    [
      "repositories.set-description",
      () => `${APP}/description`,
      { method: "PUT", body: { description: "Our app" } },
    ],
    [
      "repositories.set-flags",
      () => `${APP}/flags`,
      { token: "bob-token", method: "PUT", body: { official: true, automated: false } },
    ],
    ["repositories.star", () => `${APP}/star`, { method: "PUT" }],
    ["repositories.unstar", () => `${APP}/star`, { method: "DELETE" }],
    ["repositories.list", () => "/repositories?sort=pulls&limit=1", {}],
    ["repositories.summary", () => `${APP}/summary`, {}],
    ["repositories.search", () => "/search?q=app", {}],
    ["repositories.stats", () => "/stats", {}],
    ["teams.list", () => "/teams", {}],
    ["teams.describe", () => "/teams/alpha", {}],
    ["tags.list", () => `${APP}/tags?sort=version&limit=1`, {}],
    ["tags.history", () => `${APP}/tags/1.0/history`, {}],
    ["refusals.list", () => "/refusals", {}],
    ["discovery.findings", () => "/discovery/findings?limit=1", {}],
    ["digests.tags", () => `/digests/${digest}/tags`, {}],
  ];

  // What some answer is what others before them have changed.
  test("one after the other", async () => {
    for (const [id, path, asked] of operations) {
      const answer = await rest(path(), asked);
      expect([id, answer.status]).toEqual([id, 200]);
      expectRecorded(id, answer, asked.body);
    }
  });
});

describe("lists", () => {
  test.each([
    ["/repositories?sort=name", ["alpha/app", "public/tool"]],
    ["/repositories?sort=size", ["alpha/app", "public/tool"]],
    [`${APP}/tags?sort=version`, ["1.1", "1.0"]],
    [`${APP}/tags?sort=name`, ["1.0", "1.1"]],
    [`${APP}/tags?sort=pulled`, ["1.0", "1.1"]],
    ["/search?q=o", ["public/tool"]],
  ])("%s come page by page, by their links", async (path, wanted) => {
    const names: string[] = [];
    let next: string | undefined = `${path}${path.includes("?") ? "&" : "?"}limit=1`;
    while (next !== undefined) {
      const answer = await rest(next);
      const { items } = jsonOf(answer) as { items: { name: string }[] };
      names.push(...items.map(({ name }) => name));
      next = /<\/api\/v1([^>]+)>/.exec(String(answer.headers["link"] ?? ""))?.[1];
    }
    expect(names).toEqual(wanted);
  });

  test.each([
    ["/repositories?sort=first", "sort"],
    ["/repositories?cursor=abc", "cursor"],
    ["/repositories?limit=0", "limit"],
    ["/repositories?teem=alpha", "teem"],
  ])("%s is refused", async (path, said) => {
    const answer = await rest(path);
    expect([answer.status, answer.body.toString()]).toEqual([400, expect.stringContaining(said)]);
  });

  test("of one repository are 404 alike for what is hidden and for what is not there", async () => {
    for (const what of ["summary", "tags", "tags/1.0/history"]) {
      const [hidden, none] = await Promise.all([
        rest(`/repositories/hidden/app/${what}`),
        rest(`/repositories/hidden/none/${what}`),
      ]);
      const shapes = [hidden, none].map((answer) => {
        const shown = jsonOf(answer) as object;
        return [answer.status, { ...shown, requestId: "" }];
      });
      expect(shapes[0]).toEqual(shapes[1]);
      expect(hidden.status).toBe(404);
    }
  });

  test("have nothing of what is hidden, whoever asks", async () => {
    for (const token of ["alice-token", "bob-token", null])
      for (const path of [
        "/repositories",
        "/search?q=app",
        "/teams",
        "/refusals",
        "/discovery/findings",
        `/digests/${digest}/tags`,
      ])
        expect((await rest(path, { token })).body.toString()).not.toContain("hidden");
    const own = await rest("/repositories", { token: null });
    expect(jsonOf(own)).toMatchObject({ items: [{ name: "public/tool" }], next: null });
  });

  test("take flags from administrators alone, whole, of what there is", async () => {
    const body = { official: false, automated: true };
    const put = async (path: string, more: AskedAs = {}) =>
      (await rest(`${path}/flags`, { method: "PUT", body, token: "bob-token", ...more })).status;
    expect(await put(APP, { body: { official: true, automated: false } })).toBe(200);
    expect(await put(APP, { token: "alice-token" })).toBe(403);
    expect(await put(APP, { body: { official: true } })).toBe(400);
    expect(await put("/repositories/alpha/none")).toBe(404);
    expect(jsonOf(await rest(`${APP}/summary`))).toMatchObject({
      official: true,
      automated: false,
    });
  });

  test("count one star of each who logs in, however often it is given or taken back", async () => {
    const put = (token: string | null, method: string, path = APP) =>
      rest(`${path}/star`, { method, token });
    const starsOf = async (token: string, method: string) =>
      (jsonOf(await put(token, method)) as { stars: number }).stars;
    expect(await starsOf("alice-token", "PUT")).toBe(1);
    expect(await starsOf("alice-token", "PUT")).toBe(1);
    const racing = [1, 2, 3, 4].map(() => put("bob-token", "PUT"));
    expect((await Promise.all(racing)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(jsonOf(await rest("/search?q=app&limit=1"))).toMatchObject({ items: [{ stars: 2 }] });
    expect(jsonOf(await rest("/repositories?text=alpha"))).toMatchObject({ items: [{ stars: 2 }] });
    expect(await starsOf("alice-token", "DELETE")).toBe(1);
    expect(await starsOf("alice-token", "DELETE")).toBe(1);
    expect(await starsOf("bob-token", "DELETE")).toBe(0);
  });

  test("take stars from nobody in particular, and for nothing that one may not pull or is not there", async () => {
    const put = async (path: string, token: string | null = "alice-token") =>
      (await rest(`/repositories/${path}/star`, { method: "PUT", token })).status;
    expect(await put("public/tool", null)).toBe(401);
    expect(await put("hidden/app")).toBe(403);
    expect(await put("hidden/none")).toBe(403);
    expect(await put("alpha/none")).toBe(404);
    const made = await rest("/teams/alpha/robots", {
      method: "POST",
      body: { name: "star-giver", grants: [{ repositories: "alpha/**", actions: ["pull"] }] },
    });
    const { secret } = jsonOf(made) as { secret: string };
    const login = Buffer.from(`robot-alpha-star-giver:${secret}`).toString("base64");
    const asked = { method: "PUT", token: null, headers: { Authorization: `Basic ${login}` } };
    const answer = await rest(`${APP}/star`, asked);
    expect([answer.status, answer.body.toString()]).toEqual([
      403,
      expect.stringContaining("people"),
    ]);
  });

  test("take a description from nobody who may not push there", async () => {
    const asked = { method: "PUT", body: { description: "mine" }, token: "bob-token" };
    expect((await rest(`${APP}/description`, asked)).status).toBe(403);
    expect(jsonOf(await rest(`${APP}/summary`))).not.toMatchObject({ description: "mine" });
  });
});
