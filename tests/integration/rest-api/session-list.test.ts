import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ask } from "#tests/support/http-client.js";
import { jsonOf, startRestStack, type RestStack } from "./support/stack.js";

interface Listed {
  readonly id: string;
  readonly uid: string;
  readonly address: string;
  readonly userAgent: string;
  readonly isThisOne: boolean;
}

let stack: RestStack;
beforeAll(async () => {
  stack = await startRestStack();
});
afterAll(() => stack.stop());
afterEach(() => stack.ledger.db.query("delete from ledger.page_session"));

const PAGE = { "X-Wharfinger-Page": "active" };

/** @returns the cookie of a session that begins */
async function begin(token: string, userAgent = "a browser"): Promise<string> {
  const { headers } = await ask(stack.gateway.url, "/api/v1/session", {
    method: "POST",
    headers: { "Content-Type": "application/json", "User-Agent": userAgent, ...PAGE },
    body: JSON.stringify({ password: token }),
  });
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

const asked = (cookie: string, path: string, method = "GET") =>
  ask(stack.gateway.url, `/api/v1${path}`, { method, headers: { Cookie: cookie, ...PAGE } });

async function listed(cookie: string, query = ""): Promise<readonly Listed[]> {
  const answer = await asked(cookie, `/sessions${query}`);
  expect(answer.status).toBe(200);
  return (jsonOf(answer) as { readonly sessions: readonly Listed[] }).sessions;
}

const isGood = async (cookie: string) => (await asked(cookie, "/sessions")).status === 200;
const BOBS = "?realm=%2Femployees&uid=bob";
const ALICES = "?realm=%2Femployees&uid=alice";

describe("the list of sessions", () => {
  test("shows one's own: from where, by which program, and which this one is", async () => {
    await begin("bob-token");
    await begin("alice-token", "an old browser");
    const cookie = await begin("alice-token");
    const sessions = await listed(cookie);
    expect(sessions).toHaveLength(2);
    expect(sessions).toContainEqual(
      expect.objectContaining({
        ...{ uid: "alice", realm: "/employees", kind: "oauth2", issuer: null },
        ...{ address: "127.0.0.1", userAgent: "a browser", isThisOne: true },
      }),
    );
    expect(sessions).toContainEqual(
      expect.objectContaining({ userAgent: "an old browser", isThisOne: false }),
    );
    expect(JSON.stringify(sessions)).not.toContain(cookie.split("=")[1]);
  });

  test("is there for whoever logs in otherwise, too, and not for nobody in particular", async () => {
    await begin("alice-token");
    expect(jsonOf(await stack.rest("/sessions"))).toMatchObject({
      sessions: [{ isThisOne: false }],
    });
    for (const method of ["GET", "DELETE"])
      expect((await stack.rest("/sessions", { token: null, method })).status).toBe(401);
  });

  test("has no session that has ended", async () => {
    await begin("alice-token");
    await stack.ledger.db.query(
      "update ledger.page_session set used_at = used_at - interval '2 hours'",
    );
    expect(jsonOf(await stack.rest("/sessions"))).toEqual({ sessions: [] });
  });

  test("ends one of one's own, and nobody else's", async () => {
    const bobs = await begin("bob-token");
    const other = await begin("alice-token");
    const cookie = await begin("alice-token");
    const [id] = (await listed(cookie)).filter(({ isThisOne }) => !isThisOne).map((one) => one.id);
    const [bobsId] = (await listed(bobs)).map((one) => one.id);
    expect((await asked(cookie, `/sessions/${bobsId}`, "DELETE")).status).toBe(404);
    expect((await asked(cookie, `/sessions/${id}`, "DELETE")).status).toBe(204);
    expect((await asked(cookie, `/sessions/${id}`, "DELETE")).status).toBe(404);
    expect([await isGood(other), await isGood(cookie), await isGood(bobs)]).toEqual([false, true, true]); // prettier-ignore
  });

  test("ends all but this one", async () => {
    const others = [await begin("alice-token"), await begin("alice-token")];
    const bobs = await begin("bob-token");
    const cookie = await begin("alice-token");
    expect(jsonOf(await asked(cookie, "/sessions", "DELETE"))).toEqual({ ended: 2 });
    expect(await Promise.all([...others, cookie, bobs].map(isGood))).toEqual([false, false, true, true]); // prettier-ignore
  });

  test("shows administrators others', on record, and lets them end those", async () => {
    const alices = await begin("alice-token");
    const bobs = await begin("bob-token");
    const sessions = await listed(bobs, ALICES);
    expect(sessions).toMatchObject([{ uid: "alice", isThisOne: false }]);
    expect((await asked(bobs, `/sessions/${sessions[0]?.id}`, "DELETE")).status).toBe(204);
    expect(await isGood(alices)).toBe(false);
    await begin("alice-token");
    expect(jsonOf(await asked(bobs, `/sessions${ALICES}`, "DELETE"))).toEqual({ ended: 1 });
    await stack.flushTallies();
    const entries = await stack.ledger.audited();
    expect(entries).toContainEqual(
      expect.objectContaining({
        ...{ action: "session.ended", actor: expect.objectContaining({ uid: "bob" }) },
        detail: { of: "/employees/alice", sessions: 1, id: sessions[0]?.id },
      }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({
        action: "administration.read",
        detail: expect.objectContaining({ operation: "sessions.list" }),
      }),
    );
  });

  test("shows others' to nobody else, who ends none of them either", async () => {
    const bobs = await begin("bob-token");
    const cookie = await begin("alice-token");
    for (const method of ["GET", "DELETE"])
      expect((await asked(cookie, `/sessions${BOBS}`, method)).status).toBe(403);
    expect(await isGood(bobs)).toBe(true);
    // Half a name would be somebody else's whole one.
    expect((await asked(cookie, "/sessions?uid=alice", "DELETE")).status).toBe(400);
    expect((await asked(cookie, "/sessions?user=alice", "DELETE")).status).toBe(400);
  });
});
