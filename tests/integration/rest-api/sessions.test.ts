import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { pageSessions } from "#gateway/sessions/sessions.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { jsonOf, putImage, startRestStack, type RestStack } from "./support/stack.js";

let stack: RestStack;
/** Another replica. */
let other: TestGateway;

beforeAll(async () => {
  stack = await startRestStack();
  await putImage(stack.ledger, "alpha/app", "1.0", "one");
  other = await startGateway({
    registryUrl: stack.registryUrl,
    tokenServerUrl: stack.tokenServerUrl,
    db: stack.ledger.open(),
    hears: stack.ledger.config,
  });
});
afterAll(async () => {
  await other.stop();
  await stack.stop();
});
afterEach(() => stack.ledger.db.query("delete from ledger.page_session"));

const PAGE = { "X-Wharfinger-Page": "active" };
const BACKGROUND = { "X-Wharfinger-Page": "background" };

const askWith = (
  path: string,
  options: {
    readonly cookie?: string;
    readonly method?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    readonly at?: string;
  } = {},
) =>
  ask(options.at ?? stack.gateway.url, `/api/v1${path}`, {
    method: options.method ?? "GET",
    headers: {
      ...(options.cookie === undefined ? {} : { Cookie: options.cookie }),
      ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(options.headers ?? PAGE),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });

const logIn = (password: string, more: { user?: string; headers?: Record<string, string> } = {}) =>
  askWith("/session", {
    method: "POST",
    body: { password, ...(more.user === undefined ? {} : { user: more.user }) },
    ...(more.headers === undefined ? {} : { headers: more.headers }),
  });

function setCookie({ headers }: Answer): string {
  const [cookie = "", ...more] = headers["set-cookie"] ?? [];
  expect(more).toEqual([]);
  return cookie;
}

const cookieOf = (answer: Answer) => setCookie(answer).split(";")[0] ?? "";

async function session(token = "alice-token"): Promise<string> {
  const answer = await logIn(token);
  expect(answer.status).toBe(200);
  return cookieOf(answer);
}

const age = (column: string, seconds: number) =>
  stack.ledger.db.query(
    `update ledger.page_session set ${column} = ${column} - $1 * interval '1 second'`,
    [seconds],
  );

/** Without the first so many. */
async function sessionsOnRecord(before = 0) {
  return (await stack.ledger.audited())
    .filter(({ action }) => action.startsWith("session."))
    .slice(before)
    .map(({ action, actor, reason, detail }) => ({
      ...{ action, uid: actor.uid, reason },
      count: (detail as { readonly count?: number }).count,
    }))
    .sort((one, other) => one.action.localeCompare(other.action));
}

const TAGS = "/repositories/alpha/app/tags";

describe("whoever logs in on the page", () => {
  test("is who logs in with docker, gets a cookie that no script reads, and may what they may", async () => {
    const answer = await logIn("alice-token");
    expect(jsonOf(answer)).toMatchObject({ login: { uid: "alice", realm: "/employees", kind: "oauth2", isAdministrator: false } }); // prettier-ignore
    expect(setCookie(answer)).toMatch(/^wharfinger=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(answer.headers["cache-control"]).toBe("no-store");
    const cookie = cookieOf(answer);
    expect((await askWith(TAGS, { cookie })).status).toBe(200);
    // The token server's part of the API, too.
    expect((await askWith("/refresh-tokens", { cookie })).status).toBe(200);
    expect(jsonOf(await askWith("/session", { cookie }))).toMatchObject({
      login: { uid: "alice" },
    });
    expect((await askWith("/audit", { cookie })).status).toBe(403);
  });

  test("is on record, with how it ended", async () => {
    await stack.gateway.flushTally();
    const before = (await sessionsOnRecord()).length;
    const first = await session();
    const second = await logIn("alice-token");
    await askWith("/session", { cookie: first, method: "DELETE" });
    await askWith("/session", { cookie: first, method: "DELETE" });
    expect((await askWith("/session", { cookie: cookieOf(second) })).status).toBe(200);
    await stack.gateway.flushTally();
    expect(await sessionsOnRecord(before)).toEqual([
      { action: "session.begun", uid: "alice", count: 2, reason: "somebody has logged in on the web page" }, // prettier-ignore
      { action: "session.ended", uid: "alice", count: 1, reason: "logged out" },
    ]);
  });

  test("is told when they administer", async () => {
    const cookie = await session("bob-token");
    expect(jsonOf(await askWith("/session", { cookie }))).toMatchObject({
      login: { uid: "bob", isAdministrator: true },
    });
    expect((await askWith("/audit", { cookie })).status).toBe(200);
  });

  test("gets a cookie for TLS alone where clients use that", async () => {
    const secured = await startGateway({
      registryUrl: stack.registryUrl,
      tokenServerUrl: stack.tokenServerUrl,
      db: stack.ledger.open(),
      publicUrl: "https://registry.example.org",
    });
    const answer = await ask(secured.url, "/api/v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...PAGE },
      body: JSON.stringify({ password: "alice-token" }),
    });
    await secured.stop();
    expect(setCookie(answer)).toMatch(
      /^__Host-wharfinger=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  });

  test("is refused with a wrong login, as docker is, and gets no cookie", async () => {
    const answer = await logIn("wrong-token");
    expect([answer.status, answer.headers["set-cookie"]]).toEqual([401, undefined]);
    expect(errorOf(answer).code).toBe("UNAUTHORIZED");
    expect((await logIn("")).status).toBe(400);
    expect((await logIn("two\nlines")).status).toBe(400);
    // A session is somebody's.
    const { rows } = await stack.ledger.db.query("select from ledger.page_session");
    expect(rows).toEqual([]);
  });

  test("ends the session that was there before", async () => {
    const cookie = await session();
    const again = await askWith("/session", {
      ...{ cookie, method: "POST", body: { password: "bob-token" } },
    });
    expect(cookieOf(again)).not.toBe(cookie);
    expect((await askWith(TAGS, { cookie })).status).toBe(401);
  });

  test("has at most fifty sessions: the oldest ends", async () => {
    const first = await session();
    for (let i = 0; i < 50; i += 1) await session();
    expect((await askWith(TAGS, { cookie: first })).status).toBe(401);
    const { rows } = await stack.ledger.db.query("select from ledger.page_session");
    expect(rows).toHaveLength(50);
  });
});

describe("a session", () => {
  test("ends at every replica at once when somebody logs out", async () => {
    const cookie = await session();
    expect((await askWith(TAGS, { cookie, at: other.url })).status).toBe(200);
    const answer = await askWith("/session", { cookie, method: "DELETE", at: other.url });
    expect(answer.status).toBe(204);
    expect(setCookie(answer)).toContain("Max-Age=0");
    for (const at of [stack.gateway.url, other.url]) {
      const refused = await askWith(TAGS, { cookie, at });
      expect([refused.status, errorOf(refused).message]).toEqual([401, expect.stringContaining("log in again")]); // prettier-ignore
    }
    expect(jsonOf(await askWith("/session", { cookie }))).toEqual({ login: null, issuers: [] });
  });

  test("ends when nobody was there for so long, and what the page asks by itself is nobody", async () => {
    const cookie = await session();
    await age("used_at", 3_000);
    expect((await askWith(TAGS, { cookie, headers: BACKGROUND })).status).toBe(200);
    await age("used_at", 700);
    expect((await askWith(TAGS, { cookie })).status).toBe(401);
  });

  test("goes on while somebody is there, but no longer than it may in all", async () => {
    const cookie = await session();
    await age("used_at", 3_000);
    expect((await askWith(TAGS, { cookie })).status).toBe(200);
    await age("used_at", 3_000);
    expect((await askWith(TAGS, { cookie })).status).toBe(200);
    await age("begun_at", 43_300);
    expect((await askWith(TAGS, { cookie })).status).toBe(401);
  });

  test("is forgotten when it has ended, by the next login", async () => {
    await session();
    await age("used_at", 4_000);
    await session("bob-token");
    const { rows } = await stack.ledger.db.query("select uid from ledger.page_session");
    expect(rows).toEqual([{ uid: "bob" }]);
  });

  test("ends when what it was begun with is no longer good, and shows that once", async () => {
    const renewing = { renew: () => Promise.reject(new Error("nothing is renewed here")), now: Date.now }; // prettier-ignore
    const sessions = pageSessions(stack.ledger.db, { idleSeconds: 60, seconds: 60 }, renewing);
    const basic = Buffer.from("oauth2:withdrawn-token").toString("base64");
    const alice = { uid: "alice", realm: "/employees", kind: "oauth2" };
    const login = { authorization: `Basic ${basic}`, renewal: null };
    const from = { address: "192.0.2.1", userAgent: "a browser" };
    const cookie = `wharfinger=${await sessions.begin(login, alice, from)}`;
    const answer = await askWith(TAGS, { cookie });
    expect([answer.status, setCookie(answer)]).toEqual([401, expect.stringContaining("Max-Age=0")]);
    const { rows } = await stack.ledger.db.query("select from ledger.page_session");
    expect(rows).toEqual([]);
    await stack.gateway.flushTally();
    expect((await sessionsOnRecord()).at(-1)).toMatchObject({
      ...{ action: "session.ended", uid: "alice" },
      reason: "what it was made of is good no more",
    });
  });

  test("ends when its login is found to be somebody else's", async () => {
    const renewing = { renew: () => Promise.reject(new Error("nothing is renewed here")), now: Date.now }; // prettier-ignore
    const sessions = pageSessions(stack.ledger.db, { idleSeconds: 60, seconds: 60 }, renewing);
    const bob = { uid: "bob", realm: "/employees", kind: "oauth2" };
    const basic = Buffer.from("oauth2:alice-token").toString("base64");
    const login = { authorization: `Basic ${basic}`, renewal: null };
    const from = { address: "192.0.2.1", userAgent: "a browser" };
    for (const path of [TAGS, "/session"]) {
      const cookie = `wharfinger=${await sessions.begin(login, bob, from)}`;
      const answer = await askWith(path, { cookie });
      if (path === TAGS) expect(answer.status).toBe(401);
      else expect(jsonOf(answer)).toMatchObject({ login: null });
      expect((await askWith(TAGS, { cookie })).status).toBe(401);
    }
  });

  test("cannot be read out of the database", async () => {
    await session();
    const { rows } = await stack.ledger.db.query("select * from ledger.page_session");
    expect(JSON.stringify(rows)).not.toContain("alice-token");
    const sealed = (rows[0] as { sealed_login: Buffer }).sealed_login;
    expect(sealed.toString("latin1")).not.toContain(Buffer.from("oauth2:alice").toString("base64"));
  });
});

describe("another site's page", () => {
  test("gets nothing by the cookie alone, and begins no session", async () => {
    const cookie = await session();
    // Nobody in particular may not know of it.
    expect((await askWith(TAGS, { cookie, headers: {} })).status).toBe(404);
    expect((await logIn("alice-token", { headers: {} })).status).toBe(400);
    for (const headers of [
      { ...PAGE, Origin: "https://elsewhere.example" },
      { ...PAGE, "Sec-Fetch-Site": "cross-site" },
    ])
      for (const method of ["POST", "DELETE"]) {
        const asked = { cookie, method, headers, ...(method === "POST" ? { body: {} } : {}) };
        expect((await askWith("/session", asked)).status).toBe(403);
      }
    expect((await askWith(TAGS, { cookie })).status).toBe(200);
  });

  test("is not told by a login that the request shows itself", async () => {
    const cookie = await session("bob-token");
    const headers = { ...PAGE, Authorization: "Bearer alice-token" };
    expect((await askWith("/audit", { cookie, headers })).status).toBe(403);
  });
});
