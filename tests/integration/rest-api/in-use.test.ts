import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, putBuiltOn, putImage, startRestStack, type RestStack } from "./support/stack.js";

const REPORTER = { uid: "robot-alpha-cluster", realm: "/robots" };
const APP = "/repositories/alpha/app/in-use";

let stack: RestStack;
let rest: RestStack["rest"];
let digest: string;
/** Of the robot that reports, and of one that does not. */
const basic = { cluster: "", other: "" };
/** As engines call the image: the digest of its configuration. */
const imageId = digestOf(Buffer.from("config of one"));

beforeAll(async () => {
  stack = await startRestStack({ inUseReporters: [REPORTER] });
  ({ rest } = stack);
  digest = await putImage(stack.ledger, "alpha/app", "1.0", "one");
  await putImage(stack.ledger, "alpha/tool", "1.0", "one");
  await putImage(stack.ledger, "hidden/app", "1.0", "one");
  await stack.ledger.db.query(
    `insert into ledger.pull (repository, tag, digest, caller, uid, realm, kind, address, user_agent, count, first_at, last_at)
     values ('alpha/app', '1.0', $1, 'c', 'bob', '/employees', 'oauth2', '192.0.2.7', 'docker/28.5.1', 3,
             '2026-11-20T12:00:00Z', '2026-11-21T12:00:00Z')`,
    [digest],
  );
  for (const name of ["cluster", "other"] as const) {
    const made = await rest("/teams/alpha/robots", {
      method: "POST",
      body: { name, grants: [{ repositories: "alpha/**", actions: ["pull"] }] },
    });
    const { secret } = jsonOf(made) as { secret: string };
    basic[name] = Buffer.from(`robot-alpha-${name}:${secret}`).toString("base64");
  }
});
afterAll(() => stack.stop());

interface Line {
  readonly how: string;
  readonly uid: string;
  readonly repository: string;
  readonly node: string | null;
  readonly endsAt: string | null;
}

const report = (body: object, name: keyof typeof basic = "cluster") =>
  rest("/in-use", {
    ...{ method: "PUT", token: null, body },
    headers: { Authorization: `Basic ${basic[name]}` },
  });
const images = (...references: string[]) => references.map((reference) => ({ reference }));
const users = async (path: string, token = "alice-token") =>
  (jsonOf(await rest(path, { token })) as { items: Line[] }).items;
const running = (lines: readonly Line[]) =>
  lines.filter(({ endsAt }) => endsAt !== null && Date.parse(endsAt) > Date.now());

describe("what the document shows of use is what is answered", () => {
  test("in-use.report, in-use.list, in-use.find, in-use.waive", async () => {
    const said = {
      name: "production",
      lifeSeconds: 3_600,
      images: [{ reference: "alpha/app:1.0", node: "node-1", service: "shop" }],
    };
    const reported = await report({
      ...said,
      images: [...said.images, { reference: "alpha/app:none" }],
    });
    expectRecorded("in-use.report", reported, said);
    expectRecorded("in-use.list", await rest(`${APP}?of=1.0&limit=1`));
    const found = await rest(`/in-use?digest=${imageId}&limit=1`, { token: "bob-token" });
    expectRecorded("in-use.find", found);
    const waiver = { repository: "alpha/app", digest, reason: "pulled by a scanner alone" };
    const asked = { method: "POST", token: "bob-token", body: waiver };
    expectRecorded("in-use.waive", await rest("/in-use/waivers", asked), waiver);
  });
});

test("whoever pulled a tag uses it, also where it means something else by now", async () => {
  await stack.ledger.db.query(
    `insert into ledger.pull (repository, tag, digest, caller, uid, realm, kind, address, user_agent, count, first_at, last_at)
     values ('alpha/app', '1.0', $1, 'e', 'erin', '/employees', 'oauth2', '192.0.2.8', 'docker/28.5.1', 1,
             '2026-11-19T12:00:00Z', '2026-11-19T12:00:00Z')`,
    [digestOf(Buffer.from("what it meant before"))],
  );
  const uids = async (of: string) => (await users(`${APP}?of=${of}`)).map(({ uid }) => uid);
  expect(await uids("1.0")).toContain("erin");
  expect(await uids(digest)).not.toContain("erin");
});

describe("a report", () => {
  test("is taken from those alone who may report", async () => {
    const body = { name: "mine", images: images("alpha/app:1.0") };
    for (const token of ["alice-token", "bob-token", null]) {
      const { status } = await rest("/in-use", { method: "PUT", token, body });
      expect([token, status]).toEqual([token, token === null ? 401 : 403]);
    }
    expect((await report(body, "other")).status).toBe(403);
  });

  test("tells back what is hidden and what is not there alike, and is of what is there", async () => {
    const { host } = new URL(stack.gateway.url);
    const taken = await report({
      name: "told",
      images: images(
        `${host}/alpha/app:1.0`,
        `${host}/alpha/app@${digest}`,
        `alpha/tool@${imageId}`,
        ...["hidden/app:1.0", "hidden/none:1.0", "alpha/app:2.0", "alpha/app"],
        ...["docker.io/library/nginx:1", "Not an image", `alpha/app@${digest.slice(0, -1)}`],
      ),
    });
    const answer = jsonOf(taken) as { taken: number; unknown: string[] };
    expect(answer.taken).toBe(3);
    expect([...answer.unknown].sort()).toEqual(
      [
        ...["hidden/app:1.0", "hidden/none:1.0", "alpha/app:2.0", "alpha/app"],
        ...["docker.io/library/nginx:1", "Not an image", `alpha/app@${digest.slice(0, -1)}`],
      ].sort(),
    );
  });

  test("takes the place of the one before of that name, and of no other", async () => {
    const on = (node: string) => [{ reference: "alpha/app:1.0", node }];
    await report({ name: "one", images: [...on("n1"), ...on("n2")] });
    await report({ name: "other", images: on("n3") });
    await report({ name: "one", images: on("n2") });
    const lines = running(await users(`${APP}?of=${digest}`));
    const nodes = lines.map(({ node }) => node).filter((node) => /^n\d$/.test(node ?? ""));
    expect(nodes.sort()).toEqual(["n2", "n3"]);
  });

  test("is shown page by page, and of the last one nothing follows", async () => {
    await report({ name: "pages", images: ["p1", "p2"].map((node) => ({ reference: "alpha/app:1.0", node })) }); // prettier-ignore
    const page = async (query: string) =>
      jsonOf(await rest(`${APP}?of=1.0${query}`)) as { items: Line[]; next: string | null };
    const all = await page("&limit=100");
    expect(all.next).toBeNull();
    const first = await page("&limit=1");
    const rest1 = await page(`&limit=100&cursor=${encodeURIComponent(first.next ?? "")}`);
    expect([...first.items, ...rest1.items]).toEqual(all.items);
    expect(rest1.next).toBeNull();
  });

  test("of the same name by two at once is one after the other", async () => {
    const bodies = ["a", "b", "c", "d"].map((node) => ({
      name: "raced",
      images: [{ reference: "alpha/app:1.0", node: `raced-${node}` }],
    }));
    const answers = await Promise.all(bodies.map((body) => report(body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const lines = running(await users(`${APP}?limit=1000`));
    expect(lines.filter(({ node }) => node?.startsWith("raced-"))).toHaveLength(1);
  });

  test.each([
    ["without a name", { images: [] }],
    ["that counts for years", { name: "n", lifeSeconds: 1e9, images: [] }],
    [
      "of more than ten thousand",
      { name: "n", images: images(...Array.from({ length: 10_001 }, () => "a/b")) },
    ],
    ["with something else in it", { name: "n", images: [], more: 1 }],
  ])("%s is refused", async (_what, body) => {
    expect((await report(body)).status).toBe(400);
  });

  test("under too many names is refused, and those that there are go on", async () => {
    await stack.ledger.db.query(
      `insert into ledger.in_use_report (realm, uid, name, reported_at)
       select '/robots', 'robot-alpha-cluster', 'n' || n, now() from generate_series(1, 100) as n`,
    );
    expect((await report({ name: "one too many", images: [] })).status).toBe(400);
    expect((await report({ name: "n1", images: [] })).status).toBe(200);
    await stack.ledger.db.query("delete from ledger.in_use_report where name like 'n%'");
  });
});

describe("who uses an image", () => {
  beforeAll(async () => {
    const on = (node: string) => ({ reference: "alpha/app:1.0", node });
    const tool = { reference: `alpha/tool@${imageId}` };
    await report({ name: "standing", images: [on("s1"), on("s2"), tool] });
  });

  test("is found by tag, by digest and by the image's id, page by page", async () => {
    for (const wanted of ["1.0", digest, imageId]) {
      const seen: string[] = [];
      let next: string | undefined = `${APP}?of=${wanted}&limit=1`;
      while (next !== undefined) {
        const answer = await rest(next);
        seen.push(...(jsonOf(answer) as { items: Line[] }).items.map(({ how }) => how));
        next = /<\/api\/v1([^>]+)>/.exec(String(answer.headers["link"] ?? ""))?.[1];
      }
      expect([wanted, seen.at(-1), seen.length > 2]).toEqual([wanted, "pulled", true]);
    }
    expect(await users(`${APP}?of=2.0`)).toEqual([]);
  });

  test("is told to whoever may push there, and in all repositories to administrators", async () => {
    expect((await rest(APP, { token: "bob-token" })).status).toBe(403);
    expect((await rest(APP, { token: null })).status).toBe(401);
    const everywhere = `/in-use?digest=${imageId}&limit=1000`;
    expect((await rest(everywhere)).status).toBe(403);
    const lines = await users(everywhere, "bob-token");
    const named = new Set(lines.map(({ repository }) => repository));
    // The index that another test makes has the same image in it.
    named.delete("alpha/parts");
    expect(named).toEqual(new Set(["alpha/app", "alpha/tool"]));
  });

  test("counts for the images in an index that was pulled, wherever that is", async () => {
    const child = await putBuiltOn(stack.ledger, "alpha/parts", "one");
    const parent = digestOf(Buffer.from("an index"));
    await stack.ledger.db.query(
      `insert into ledger.manifest_link (repository, digest, children)
       values ('alpha/parts', $1, array[ledger.digest_bytes($2)])`,
      [parent, child],
    );
    await stack.ledger.db.query(
      `insert into ledger.pull (repository, tag, digest, caller, uid, realm, kind, address, user_agent, count, first_at, last_at)
       values ('alpha/parts', '', $1, 'c', 'bob', '/employees', 'oauth2', '192.0.2.7', 'docker/28.5.1', 1, now(), now())`,
      [parent],
    );
    for (const path of [`/in-use?digest=${child}`, `/repositories/alpha/parts/in-use?of=${child}`])
      expect(
        await users(path, path.startsWith("/in-use") ? "bob-token" : "alice-token"),
      ).toMatchObject([{ how: "pulled", repository: "alpha/parts", digest: parent, uid: "bob" }]);
  });

  test("cannot be waived but by administrators", async () => {
    const body = { repository: "alpha/app", digest, reason: "because" };
    const waive = async (token: string, more = {}) =>
      (await rest("/in-use/waivers", { method: "POST", token, body: { ...body, ...more } })).status;
    expect(await waive("alice-token")).toBe(403);
    expect(await waive("bob-token", { reason: " " })).toBe(400);
    expect(await waive("bob-token", { digest: imageId })).toBe(404);
  });
});
