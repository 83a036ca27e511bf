import { describe, expect, test } from "@jest/globals";
import type { AuditActor } from "#audit-log/entry.js";
import { SYSTEM } from "#audit-log/entry.js";
import type { Asked, Implementation } from "#gateway/api/implement.js";
import { oidcOperations } from "#gateway/api/oidc-operations.js";
import { sessionListOperations } from "#gateway/api/session-list-operations.js";
import { sessionOperations, type VerifiedLogin } from "#gateway/api/session-operations.js";
import { FailedPageLogin } from "#gateway/oidc/issuers.js";
import type { Session } from "#gateway/sessions/sessions.js";
import { Fault } from "#registry-protocol/faults.js";
import { openedRequest } from "#tests/support/requests.js";

const SECRET = "s".repeat(43);
const COOKIE = { cookie: `wharfinger=${SECRET}` };
const PAGE = { "x-wharfinger-page": "1" };
const ALICE: VerifiedLogin = {
  ...{ uid: "alice", realm: "/employees", kind: "oauth2", isAdministrator: false },
};

/** @returns a request with these headers, as an operation is asked */
function asking(headers: Record<string, string>, asked: Partial<Asked> = {}): Asked {
  const { req, res } = openedRequest(headers);
  const nothing = { path: {}, query: {}, body: undefined, page: null, view: null, actor: SYSTEM };
  return { ...nothing, validUntil: null, req, res, ...asked };
}

const run = (all: readonly Implementation[], id: string, asked: Asked) => {
  const one = all.find(({ operation }) => operation.id === id);
  if (one === undefined) throw new Error(`no such operation: ${all.map(({ operation }) => operation.id).join(" ")}`); // prettier-ignore
  return one.answer(asked);
};

/** The sessions: one of Alice's, whose login is what `verify` makes of it. */
function sessionsWith({
  verify = () => Promise.resolve(ALICE),
}: { verify?: () => Promise<VerifiedLogin> } = {}) {
  const noted: string[] = [];
  const ended: string[] = [];
  const { uid, realm, kind } = ALICE;
  const owner = { uid, realm, kind };
  const session = { ...owner, authorization: "Basic x", endsAt: "1", idleEndsAt: "2" };
  const deps = {
    sessions: {
      begin: () => Promise.resolve(SECRET),
      find: () => Promise.resolve(session as unknown as Session),
      end: (secret: string) => {
        ended.push(secret);
        return Promise.resolve(owner);
      },
    },
    originOf: () => "http://registry.example",
    ...{ verify, issuers: [] },
    note: (_req: unknown, _owner: unknown, action: string, reason: string) => {
      noted.push(`${action}: ${reason}`);
    },
  };
  return { deps, noted, ended, all: sessionOperations(deps) };
}

describe("one's own session", () => {
  test("is read by our page alone: others cannot have a cookie read", async () => {
    const { all } = sessionsWith();
    const shown = await run(all, "session.read", asking({ ...COOKIE, ...PAGE }));
    expect(shown).toMatchObject({ body: { login: { uid: "alice" } } });
    const others = await run(all, "session.read", asking(COOKIE));
    expect(others).toMatchObject({ body: { login: null } });
  });

  test("ends when its login is refused, and on record", async () => {
    const verify = () => Promise.reject(new Fault("UNAUTHORIZED"));
    const { all, ended, noted } = sessionsWith({ verify });
    const asked = asking({ ...COOKIE, ...PAGE });
    expect(await run(all, "session.read", asked)).toMatchObject({ body: { login: null } });
    expect(ended).toEqual([SECRET]);
    expect(noted).toEqual(["session.ended: what it was made of is good no more"]);
    expect(asked.res.getHeader("set-cookie")).toContain("Max-Age=0");
  });

  test.each([
    ["cannot be verified now", new Fault("UNAVAILABLE")],
    ["is asked for too often", new Fault("TOO_MANY_REQUESTS")],
    ["meets a mistake of ours", Object.assign(new TypeError("x"), { code: "UNAUTHORIZED" })],
  ])("stays when its login %s: that is no verdict", async (_what, error) => {
    const { all, ended } = sessionsWith({ verify: () => Promise.reject(error) });
    const asked = asking({ ...COOKIE, ...PAGE });
    await expect(run(all, "session.read", asked)).rejects.toBe(error);
    expect(ended).toEqual([]);
    expect(asked.res.getHeader("set-cookie")).toBeUndefined();
  });
});

describe("the list of sessions", () => {
  const listWith = (isAdministrator: boolean) => {
    const seen: unknown[] = [];
    const all = sessionListOperations({
      listed: {
        list: (person, secret) => {
          seen.push(["list", person.realm, person.uid, secret]);
          return Promise.resolve([]);
        },
        end: (_actor, id, person) => {
          seen.push(["end", id, person?.uid ?? null]);
          return Promise.resolve(id === "known");
        },
        endOthers: (_actor, person, secret) => {
          seen.push(["others", person.realm, person.uid, secret]);
          return Promise.resolve(1);
        },
      },
      originOf: () => "http://registry.example",
      isAdministrator: () => Promise.resolve(isAdministrator),
      administered: ({ operation }) => seen.push(["administered", operation]),
    });
    return { all, seen };
  };
  const alice: AuditActor = { ...SYSTEM, uid: "alice", realm: "/employees" };
  const asked = (query: object, headers = {}, actor = alice) =>
    asking(headers, { actor, query, path: { id: "known" } } as Partial<Asked>);

  test.each(["sessions.list", "sessions.end-all", "sessions.end"])(
    "has nothing for nobody in particular: %s",
    async (id) => {
      const { all, seen } = listWith(true);
      await expect(
        (async () => run(all, id, asked({}, {}, { ...alice, uid: "" })))(),
      ).rejects.toMatchObject({ code: "UNAUTHORIZED" });
      expect(seen).toEqual([]);
    },
  );

  test("is one's own, and tells which one asks only to our page", async () => {
    const { all, seen } = listWith(false);
    await run(all, "sessions.list", asked({}, { ...COOKIE, ...PAGE }));
    await run(all, "sessions.list", asked({}, COOKIE));
    await run(all, "sessions.list", asked({ uid: "alice", realm: "/employees" }));
    expect(seen).toEqual([
      ["list", "/employees", "alice", SECRET],
      ["list", "/employees", "alice", null],
      ["list", "/employees", "alice", null],
    ]);
  });

  test.each([
    { uid: "bob", realm: "/employees" },
    { uid: "alice", realm: "/customers" },
  ])("is others' to administrators alone, who are told of: %j", async (query) => {
    await expect(run(listWith(false).all, "sessions.list", asked(query))).rejects.toMatchObject({
      code: "DENIED",
    });
    const { all, seen } = listWith(true);
    await run(all, "sessions.list", asked(query));
    expect(seen).toEqual([
      ["administered", "sessions.list"],
      ["list", query.realm, query.uid, null],
    ]);
  });
});

describe("a login by an issuer's page", () => {
  const logins = {
    ways: [],
    begin: () => Promise.resolve<never>(null as never),
    complete: () => Promise.resolve<never>(null as never),
    refresh: () => Promise.resolve<never>(null as never),
  };
  const oidcWith = (error: Error | null) => {
    const told: string[] = [];
    const all = oidcOperations({
      ...sessionsWith().deps,
      ...{ now: () => 0, sealer: { seal: () => "sealed", open: () => null } },
      logins: error === null ? logins : { ...logins, begin: () => Promise.reject(error) },
      told: {
        accepted: () => undefined,
        failed: ({ problem }: FailedPageLogin) => told.push(problem),
      },
    });
    const begin = (headers: Record<string, string> = {}) =>
      run(all, "session.begin-oidc", asking(headers, { path: { issuer: "x" }, query: { to: "" } })); // prettier-ignore
    return { told, begin };
  };

  test.each([
    ["declined", new FailedPageLogin("declined", "no")],
    ["refused", new Fault("UNAUTHORIZED")],
    ["refused", new Fault("DENIED")],
    ["limited", new Fault("TOO_MANY_REQUESTS")],
    ["unavailable", new Fault("UNAVAILABLE")],
  ])("that fails is told to whoever is there as %s, and counted", async (problem, error) => {
    const { begin, told } = oidcWith(error);
    const answer = await begin();
    expect(JSON.stringify(answer)).toContain(`problem=${problem}`);
    expect(told).toEqual([problem]);
  });

  test.each<[string, Error]>([
    ["fault of another kind", new Fault("MANIFEST_INVALID")],
    ["mistake", new TypeError("a mistake")],
  ])("that meets a %s is not told as somebody's", async (_what, error) => {
    const { begin, told } = oidcWith(error);
    await expect(begin()).rejects.toBe(error);
    expect(told).toEqual([]);
  });

  test("by an issuer that nobody knows is 404", async () => {
    await expect(oidcWith(null).begin()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test.each([
    ["same-origin", true],
    ["none", true],
    ["cross-site", false],
    ["same-site", false],
  ])("from a link that is %s begins at once: %s", async (site, begins) => {
    const answer = oidcWith(null).begin({ "sec-fetch-site": site });
    if (begins) await expect(answer).rejects.toMatchObject({ code: "NOT_FOUND" });
    else
      expect(await answer).toMatchObject({
        headers: { Location: expect.stringContaining("/ui/") },
      });
  });
});
