import { createServer, type RequestListener } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { decodeJwt } from "jose";
import { recordAudit } from "#audit-log/record-audit.js";
import { followRegistries } from "#token-server/registries/followed-registries.js";
import { registeringReader } from "#token-server/registries/register-own.js";
import { builtInPolicy } from "#token-server/policy/watch.js";
import {
  ASKED_AT,
  startTestTokenServer,
  type TestTokenServer,
} from "#tests/support/token-server.js";
import { makeAuthority } from "#tests/support/certificates.js";
import { frontBefore } from "#tests/support/tls-front.js";
import { SILENT } from "#tests/support/silent.js";
import { listening } from "#tests/support/test-server.js";

const LAB = "lab.example.org";
const REGISTRIES = "/api/v1/registries";

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer({ registers: true, policy: builtInPolicy });
});
beforeEach(async () => {
  await server.db.query(`delete from token_server.registry where not is_own`);
  await server.db.query(`delete from token_server.robot`);
  await server.registries.refresh();
});
afterAll(() => server.stop());

type Method = "get" | "post" | "patch" | "delete";
/** Bob administers, and is in team beta; alice is in alpha. */
const as = (token: string, method: Method, path: string, at?: string) => {
  const asked = server.http[method](path).set("Authorization", `Bearer ${token}`);
  return at === undefined ? asked : asked.set(ASKED_AT, at);
};
const makeLab = (more: object = {}) =>
  as("bob-token", "post", REGISTRIES).send({
    service: LAB,
    url: "https://lab.example.org",
    ...more,
  });
const changeLab = (change: object) => as("bob-token", "patch", `${REGISTRIES}/${LAB}`).send(change);
const askToken = (query: object, token = "alice-token") =>
  server.http.get("/token").query(query).auth("oauth2", token);

async function tokenOf(query: object, token?: string) {
  const answer = await askToken(query, token);
  expect(answer.status).toBe(200);
  return decodeToken((answer.body as { token: string }).token);
}

/** @returns the services that somebody sees */
async function seenBy(token: string): Promise<string[]> {
  const answer = await as(token, "get", REGISTRIES);
  return (answer.body as { items: { service: string }[] }).items.map(({ service }) => service);
}

/** @returns the last entry of the audit log about that */
async function lastOnRecord(action: string): Promise<unknown> {
  const { rows } = await server.db.query<{ content: string }>(
    `select content from audit.entry where action = $1 order by at desc, position desc limit 1`,
    [action],
  );
  return JSON.parse(rows[0]?.content ?? "null");
}

/** @returns what a token says */
function decodeToken(token: string) {
  return decodeJwt<{ iat: number; exp: number; refused: unknown; view: unknown }>(token);
}

describe("the registry of the configuration", () => {
  test("registers itself, published to everybody, with administrators responsible", async () => {
    const answer = await as("alice-token", "get", `${REGISTRIES}/wharfinger`);
    expect(answer.body).toMatchObject({
      ...{ service: "wharfinger", isOwn: true, publications: ["*"], responsibles: ["beta"] },
      ...{ insecure: false, restricted: false, warning: null },
    });
  });

  test("keeps where it is asked, when its configuration does not say", async () => {
    const { db } = server;
    const placed = async () =>
      (await db.query("select url from token_server.registry where is_own")).rows;
    const url = "https://registry.example.org";
    const own = { service: "wharfinger", adminTeams: ["beta"] };
    const deps = { db, audit: recordAudit, log: SILENT };
    await registeringReader(deps, { ...own, url })();
    expect(await placed()).toEqual([{ url }]);
    await registeringReader(deps, { ...own, url: null })();
    expect(await placed()).toEqual([{ url }]);
    await db.query("update token_server.registry set url = null where is_own");
  });

  test("tells of a registry whose certificate is not checked once, and anew when that was changed meanwhile", async () => {
    await makeLab({ insecure: true });
    const told: unknown[] = [];
    const log = { info: () => undefined, warn: (line: unknown) => void told.push(line) };
    const own = { service: "wharfinger", adminTeams: ["beta"], url: null };
    const read = registeringReader({ db: server.db, audit: recordAudit, log: log as never }, own);
    for (const insecure of [true, true, false, true]) {
      await changeLab({ insecure });
      await read();
    }
    expect(told).toMatchObject([{ service: LAB }, { service: LAB }]);
  });

  test("is where tokens are for that name no other", async () => {
    expect(await tokenOf({})).toMatchObject({ aud: "wharfinger" });
  });

  test("takes changes from administrators, and is not taken away", async () => {
    const path = `${REGISTRIES}/wharfinger`;
    expect((await as("alice-token", "patch", path).send({ restricted: true })).status).toBe(403);
    const changed = await as("bob-token", "patch", path).send({ description: "production" });
    expect(changed.body).toMatchObject({ description: "production", changedBy: "bob" });
    expect(await lastOnRecord("registry.changed")).toMatchObject({
      actor: { uid: "bob" },
      detail: { service: "wharfinger", before: { description: "" }, description: "production" },
    });
    expect((await as("bob-token", "delete", path)).status).toBe(409);
  });

  test("is served from its configuration before the database has said anything", () => {
    const own = { service: "wharfinger", url: null, adminTeams: ["beta"] };
    const read = () => Promise.reject(new Error("the database is away"));
    const known = followRegistries(own, { read, log: SILENT });
    expect(known.find("wharfinger")).toMatchObject({ publications: ["*"], responsibles: ["beta"] });
    const requiring = (service: string) => () => {
      known.require(service);
    };
    expect(requiring("wharfinger")).not.toThrow();
    expect(requiring(LAB)).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
  });
});

describe("a new registry", () => {
  test("is its maker's primary team's alone, and on record", async () => {
    const made = await makeLab();
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      publications: ["beta"],
      responsibles: ["beta"],
      createdBy: "bob",
    });
    expect(await seenBy("alice-token")).toEqual(["wharfinger"]);
    expect(await seenBy("bob-token")).toEqual([LAB, "wharfinger"]);
    expect(await lastOnRecord("registry.created")).toMatchObject({
      ...{ actor: { uid: "bob" }, detail: { service: LAB, publications: ["beta"] } },
    });
  });

  test("goes on record as it was when it is taken away", async () => {
    await makeLab();
    expect((await as("bob-token", "delete", `${REGISTRIES}/${LAB}`)).status).toBe(204);
    expect(await lastOnRecord("registry.deleted")).toMatchObject({
      actor: { uid: "bob" },
      detail: { service: LAB, publications: ["beta"], ended: { robots: 0, refreshTokens: 0 } },
    });
  });

  test("is made by nobody without the privilege Manager", async () => {
    const refused = await as("alice-token", "post", REGISTRIES).send({ service: LAB });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain("needs the privilege Manager");
    expect(await seenBy("bob-token")).toEqual(["wharfinger"]);
  });

  test("has a name that no other has, and that means nothing else", async () => {
    await makeLab();
    expect((await makeLab()).status).toBe(409);
    for (const service of ["search", "", "a b", "lab/x", "../x"])
      expect((await makeLab({ service })).status).toBe(400);
  });

  test.each([
    "ftp://lab",
    "https://user:password@lab",
    "https://lab/?q=1",
    "https://lab/#x",
    "lab",
  ])("is asked at no address like %s", async (url) => {
    expect((await makeLab({ url })).status).toBe(400);
  });

  test("that is not checked for its certificate says so in each answer", async () => {
    const made = await makeLab({ insecure: true });
    expect((made.body as { warning: string }).warning).toContain("certificate is not checked");
  });
});

describe("a registry that is not published to any of somebody's teams", () => {
  beforeEach(async () => {
    await makeLab();
  });

  test("is none for them: neither seen, changed nor taken away", async () => {
    for (const method of ["get", "patch", "delete"] as const) {
      const asked = as("alice-token", method, `${REGISTRIES}/${LAB}`);
      expect((await (method === "patch" ? asked.send({}) : asked)).status).toBe(404);
    }
  });

  test("grants them nothing whatever the rules say, with the reason in the token", async () => {
    const scope = "repository:alpha/app:pull,push";
    expect(await tokenOf({ service: "wharfinger", scope })).toMatchObject({
      access: [{ name: "alpha/app", actions: ["pull", "push"] }],
    });
    const token = await tokenOf({ service: LAB, scope });
    expect(token).toMatchObject({ aud: LAB, access: [] });
    expect(JSON.stringify(token.refused)).toContain(`${LAB} is not published to any of your teams`);
  });

  test("is said by explain to grant them nothing, where its gateway is asked", async () => {
    const explain = (at?: string) =>
      as("alice-token", "get", "/api/v1/explain?action=push&repository=alpha/app", at);
    expect((await explain()).body).toMatchObject({ allow: true });
    expect((await explain(LAB)).body).toMatchObject({
      ...{ allow: false, reason: `registry ${LAB} is not published to any of your teams` },
    });
  });

  test("shows them no lists", async () => {
    const { view, aud } = await tokenOf({ service: LAB, scope: "registry:catalog:*" });
    expect(aud).toBe(LAB);
    expect(view).not.toEqual((await tokenOf({ scope: "registry:catalog:*" })).view);
  });

  test("is theirs to use once it is published to their team, and the rules decide then", async () => {
    await changeLab({ publications: ["beta", "alpha"] });
    const scope = "repository:alpha/app:pull,push repository:beta/app:push";
    expect(await tokenOf({ service: LAB, scope })).toMatchObject({
      ...{ aud: LAB, access: [{ name: "alpha/app", actions: ["pull", "push"] }] },
    });
    expect(await seenBy("alice-token")).toEqual([LAB, "wharfinger"]);
    const refused = await as("alice-token", "patch", `${REGISTRIES}/${LAB}`).send({
      restricted: true,
    });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain("none of your teams is responsible");
  });

  test("that is restricted and published is pulled from, and changed by its responsibles alone", async () => {
    await changeLab({ publications: ["alpha"], restricted: true });
    const scope = "repository:alpha/app:pull,push,delete";
    const token = await tokenOf({ service: LAB, scope });
    expect(token).toMatchObject({ access: [{ name: "alpha/app", actions: ["pull"] }] });
    expect(JSON.stringify(token.refused)).toContain("restricted");
    const own = await tokenOf({ service: LAB, scope: "repository:beta/app:push" }, "bob-token");
    expect(own).toMatchObject({ access: [{ name: "beta/app", actions: ["push"] }] });
  });
});

describe("a Manager of another team", () => {
  test("sees a registry, and neither changes it nor takes it away", async () => {
    await makeLab();
    expect((await changeLab({ responsibles: ["alpha"] })).status).toBe(200);
    for (const method of ["patch", "delete"] as const) {
      const asked = as("bob-token", method, `${REGISTRIES}/${LAB}`);
      const refused = await (method === "patch" ? asked.send({ restricted: true }) : asked);
      expect([method, refused.status]).toEqual([method, 403]);
      expect(refused.text).toContain("none of your teams is responsible");
    }
    const own = await as("alice-token", "patch", `${REGISTRIES}/${LAB}`).send({ restricted: true });
    expect(own.body).toMatchObject({ restricted: true, changedBy: "alice" });
  });

  test.each([{ responsibles: [] }, { responsibles: ["*"] }, { service: "other" }, { isOwn: true }])(
    "and a responsible change nothing to %j",
    async (change) => {
      await makeLab();
      expect((await changeLab(change)).status).toBe(400);
    },
  );
});

describe("tokens", () => {
  test("are for one registry: an unknown one, and two at once, are refused for good", async () => {
    await makeLab();
    for (const query of ["service=nowhere", `service=${LAB}&service=wharfinger`, "service="]) {
      const answer = await server.http.get(`/token?${query}`).auth("oauth2", "alice-token");
      expect(answer.status).toBe(400);
    }
    expect((await askToken({ service: "nowhere" })).text).toContain(
      'unknown service \\"nowhere\\"',
    );
  });

  test("are for the registry whose gateway is asked where none is named", async () => {
    await makeLab();
    const answer = await askToken({}, "bob-token").set(ASKED_AT, LAB);
    expect(decodeToken((answer.body as { token: string }).token)).toMatchObject({ aud: LAB });
  });

  test("that are kept are no good at another registry", async () => {
    await makeLab();
    const kept = (await askToken({ service: LAB, offline_token: "true" }, "bob-token")).body as {
      refresh_token: string;
    };
    const form = (service: string) => ({
      ...{ grant_type: "refresh_token", refresh_token: kept.refresh_token, service },
    });
    const redeem = (service: string) => server.http.post("/token").type("form").send(form(service));
    expect((await redeem(LAB)).status).toBe(200);
    expect((await redeem("wharfinger")).status).toBe(401);
  });

  test("are issued no more for a registry that was taken away, and what was kept for it is over", async () => {
    await makeLab();
    const kept = (await askToken({ service: LAB, offline_token: "true" }, "bob-token")).body as {
      refresh_token: string;
    };
    expect((await as("bob-token", "delete", `${REGISTRIES}/${LAB}`)).status).toBe(204);
    expect((await askToken({ service: LAB })).status).toBe(400);
    await makeLab();
    const again = await server.http
      .post("/token")
      .type("form")
      .send({
        ...{ grant_type: "refresh_token", refresh_token: kept.refresh_token, service: LAB },
      });
    expect(again.status).toBe(401);
  });
});

describe("robots", () => {
  const grants = [{ repositories: "beta/**", actions: ["pull"] }];
  interface Made {
    readonly robot: { readonly login: string; readonly service: string | null };
    readonly secret: string;
  }
  const makeRobot = async (at: string | undefined, name: string): Promise<Made> => {
    const made = await as("bob-token", "post", "/api/v1/teams/beta/robots", at).send({
      name,
      grants,
    });
    expect(made.status).toBe(201);
    return made.body as Made;
  };
  const logIn = ({ robot, secret }: Made, service: string) =>
    server.http.get("/token").query({ service }).auth(robot.login, secret);

  test("belong to the registry by whose gateway they were made, and log in at no other", async () => {
    await makeLab();
    const ofLab = await makeRobot(LAB, "lab");
    const own = await makeRobot(undefined, "own");
    expect([ofLab.robot.service, own.robot.service]).toEqual([LAB, null]);
    const statuses = async (robot: Made) => [
      (await logIn(robot, LAB)).status,
      (await logIn(robot, "wharfinger")).status,
    ];
    expect(await statuses(ofLab)).toEqual([200, 401]);
    expect(await statuses(own)).toEqual([401, 200]);
    expect((await logIn(ofLab, "wharfinger")).text).toContain(`one of registry ${LAB}`);
  });

  test("see what is published to their team, and change nothing", async () => {
    await makeLab();
    const { robot, secret } = await makeRobot(undefined, "seeing");
    const list = await server.http.get(REGISTRIES).auth(robot.login, secret);
    expect(list.text).toContain(LAB);
    const change = server.http.patch(`${REGISTRIES}/${LAB}`).auth(robot.login, secret);
    expect((await change.send({ restricted: true })).status).toBe(403);
  });

  test("are off when their registry is taken away, and stay off in another of its name", async () => {
    await makeLab();
    const robot = await makeRobot(LAB, "orphan");
    await as("bob-token", "delete", `${REGISTRIES}/${LAB}`);
    await makeLab();
    expect((await logIn(robot, LAB)).status).toBe(401);
  });
});

describe("a search over all registries", () => {
  interface Found {
    readonly items: readonly { registry: string; name: string }[];
    readonly more: readonly string[];
    readonly unanswered: readonly { registry: string; reason: string }[];
  }
  const found = (name: string) => ({
    ...{ name, description: "", pulls: 1, official: false, automated: false },
  });
  const search = async (token: string, query = "q=app"): Promise<Found> => {
    const answer = await as(token, "get", `${REGISTRIES}/search?${query}`);
    expect(answer.status).toBe(200);
    return answer.body as Found;
  };
  const gateway = async (answer: RequestListener) => listening(createServer(answer));

  test("asks each that the caller sees by a token of theirs for it, and for nothing else", async () => {
    const seen: { url: string | undefined; authorization: string }[] = [];
    const lab = await gateway((req, res) => {
      seen.push({ url: req.url, authorization: req.headers.authorization ?? "" });
      res.setHeader("Content-Type", "application/json");
      res.end(JSON.stringify({ items: [found("beta/app")], next: "more" }));
    });
    await makeLab({ url: lab.url });
    expect(await search("bob-token", "q=app&limit=1")).toEqual({
      items: [{ registry: LAB, ...found("beta/app") }],
      more: [LAB],
      unanswered: [{ registry: "wharfinger", reason: "nobody has said where it is asked" }],
    });
    expect(seen.map(({ url }) => url)).toEqual(["/api/v1/search?q=app&limit=1"]);
    const token = decodeToken(seen[0]?.authorization.replace("Bearer ", "") ?? "");
    const access = [{ type: "registry", name: "catalog", actions: ["*"] }];
    expect(token).toMatchObject({ aud: LAB, sub: "bob", access });
    expect(token.exp - token.iat).toBeLessThanOrEqual(60);
    expect(await search("alice-token")).toMatchObject({ items: [] });
    expect(seen).toHaveLength(1);
    await lab.stop();
  });

  test("names those that do not answer, and makes nothing up for them", async () => {
    const broken: Record<string, RequestListener> = {
      "a-broken": (_req, res) => res.writeHead(502).end(),
      "b-refusing": (_req, res) => res.writeHead(403).end("{}"),
      "c-other": (_req, res) => res.end(JSON.stringify({ hello: "world" })),
    };
    const running = [];
    for (const [service, answer] of Object.entries(broken)) {
      const front = await gateway(answer);
      running.push(front);
      await makeLab({ service, url: front.url });
    }
    await makeLab({ service: "d-gone", url: "http://127.0.0.1:1" });
    const { items, unanswered } = await search("bob-token");
    expect(items).toEqual([]);
    expect(unanswered).toEqual([
      { registry: "a-broken", reason: "it answered 502" },
      { registry: "b-refusing", reason: "it answered 403" },
      { registry: "c-other", reason: "it answered something else than a search" },
      { registry: "d-gone", reason: "it did not answer" },
      { registry: "wharfinger", reason: "nobody has said where it is asked" },
    ]);
    for (const front of running) await front.stop();
  });

  test("checks the certificate of whoever it asks, unless the registry is insecure", async () => {
    const plain = await gateway((_req, res) => {
      res.end(JSON.stringify({ items: [found("beta/app")], next: null }));
    });
    const { port } = new URL(plain.url);
    const front = await frontBefore(Number(port), await makeAuthority(), ["127.0.0.1"]);
    await makeLab({ url: `https://127.0.0.1:${front.port}` });
    expect((await search("bob-token")).unanswered[0]).toEqual({
      ...{ registry: LAB, reason: "it did not answer" },
    });
    await changeLab({ insecure: true });
    expect((await search("bob-token")).items).toHaveLength(1);
    await front.stop();
    await plain.stop();
  });

  test("by a robot asks its own registry alone", async () => {
    await makeLab({ url: "http://127.0.0.1:1" });
    const made = (
      await as("bob-token", "post", "/api/v1/teams/beta/robots").send({
        ...{ name: "searching", grants: [{ repositories: "beta/**", actions: ["pull"] }] },
      })
    ).body as { robot: { login: string }; secret: string };
    const answer = await server.http
      .get(`${REGISTRIES}/search?q=app`)
      .auth(made.robot.login, made.secret);
    expect((answer.body as Found).unanswered.map(({ registry }) => registry)).toEqual([
      "wharfinger",
    ]);
  });
});
