import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compilePolicy } from "#access-policy/compile.js";
import { OPENSVC_RULES } from "#access-policy/opensvc-rules.js";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { Secret } from "#service-kit/secret.js";
import { changeDirectory } from "#token-server/directory/change-directory.js";
import { combinedDirectory } from "#token-server/directory/combined-directory.js";
import { hasPrivilege, policyAt } from "#token-server/directory/directory-source.js";
import { serviceLogins } from "#token-server/directory/service-source.js";
import { storedDirectory } from "#token-server/directory/stored-directory.js";
import { builtInPolicy } from "#token-server/policy/watch.js";
import { makeLogin } from "#token-server/identity/make-login.js";
import {
  given,
  startOpensvcServer,
  taken,
  type OpensvcServer,
} from "#tests/support/opensvc-server.js";
import { oauthIdentity } from "#tests/support/identities.js";
import { SILENT } from "#tests/support/silent.js";

const SCOPE_APP = "apps/shop/app";

let opensvc: OpensvcServer;
beforeAll(async () => {
  opensvc = await startOpensvcServer();
});
afterAll(() => opensvc.stop());

describe("changes of the directory", () => {
  test("are made all or none", async () => {
    const changes = [given("Manager", "all-or-none"), taken("Pusher", "nobody-has-it")];
    const answer = await opensvc.post("/directory/changes", { changes });

    expect([answer.status, answer.body]).toEqual([
      404,
      expect.objectContaining({ detail: 'there is no privilege of "nobody-has-it"' }),
    ]);
    const { rows } = await opensvc.server.db.query(
      "select from token_server.directory_privilege where holder = 'all-or-none'",
    );
    expect(rows).toEqual([]);
  });

  test.each([
    [404, 'there is no user "/employees/nobody"', { change: "user.removed", login: "/employees/nobody" }], // prettier-ignore
    [404, 'there is no app "none"', { change: "app.removed", code: "none" }],
    [400, "changes.0.login: wanted /realm/uid", { change: "user.set", login: "alice" }],
    [400, 'login: "/employees/al\tice" is nobody: wanted /realm/uid, such as /employees/alice', { change: "user.set", login: "/employees/al\tice" }], // prettier-ignore
    [409, '"alice" of another realm is in the directory: users/alice can be one of them alone', { change: "user.set", login: "/customers/alice" }], // prettier-ignore
  ])("are answered with %i: %s", async (status, detail, change) => {
    const answer = await opensvc.post("/directory/changes", { changes: [change] });

    expect([answer.status, answer.body]).toEqual([status, expect.objectContaining({ detail })]);
  });

  test("are on record, with who made them", async () => {
    await opensvc.change(given("Manager", "on-record"));
    const { rows } = await opensvc.server.db.query<{ content: string }>(
      `select content from audit.entry where content like '%"on-record"%'`,
    );

    expect(rows.map(({ content }) => JSON.parse(content) as unknown)).toEqual([
      expect.objectContaining({
        action: "directory.changed",
        actor: expect.objectContaining({ uid: "bob" }) as unknown,
        reason: "privilege.given",
        detail: { privilege: "Manager", holder: "on-record" },
      }),
    ]);
  });

  test("are known to another token server of the same database when it looks", async () => {
    const other = storedDirectory(opensvc.server.db, SILENT);
    await other.refresh();
    await opensvc.change(given("Manager", "seen-by-both"));
    const holders = () => other.current()?.privileges.map(({ to }) => "team" in to && to.team);

    expect(holders()).not.toContain("seen-by-both");
    await other.refresh();
    expect(holders()).toContain("seen-by-both");
  });

  test("are made by administrators alone", async () => {
    const changes = [given("Manager", "alpha")];
    const answer = await opensvc.post("/directory/changes", { changes }, "alice-token");

    expect(answer.status).toBe(403);
  });

  test("are not made where a file says what is in it", async () => {
    const { db } = opensvc.server;
    const stored = storedDirectory(db, SILENT);
    const directory = combinedDirectory(null, stored);
    const deps = { db, directory, stored, isFromFile: true, audit: recordAudit };
    const wanted = { change: "team.set", name: "filed" } as const;

    await expect(changeDirectory(deps, SYSTEM, [wanted])).rejects.toThrow("DIRECTORY_FILE");
  });
});

describe("what is listed", () => {
  const listed = async (token: string) => {
    const answer = await opensvc.server.http
      .get("/api/v1/directory")
      .set("Authorization", `Bearer ${token}`);
    return answer.body as Record<string, readonly Record<string, unknown>[]>;
  };

  test("is all for administrators", async () => {
    const all = await listed("bob-token");

    expect(all["users"]?.map(({ uid }) => uid)).toEqual(["alice", "bob", "1", "mary"]);
    expect(all["apps"]?.map(({ code }) => code)).toEqual(["shop", "vault"]);
  });

  test("is for others what is about themselves and their teams", async () => {
    const own = await listed("alice-token");

    expect(own["users"]?.map(({ uid }) => uid)).toEqual(["alice"]);
    expect(own["teams"]?.map(({ name }) => name)).toEqual(["alpha"]);
    expect(own["apps"]?.map(({ code }) => code)).toEqual(["shop"]);
    expect(own["privileges"]).toEqual([
      { privilege: "Puller", holder: "alpha" },
      { privilege: "Pusher", holder: "alpha" },
    ]);
  });
});

describe("logins of services", () => {
  const make = async (name: string): Promise<string> => {
    const made = await opensvc.post("/directory/services", { name, app: "shop" }, "alice-token");
    return (made.body as { secret: string }).secret;
  };
  const rotate = async (name: string, overlapHours: number): Promise<string> => {
    const answer = await opensvc.post(
      "/directory/services/rotate",
      { name, overlapHours },
      "alice-token",
    );
    return (answer.body as { secret: string }).secret;
  };

  test("are rotated with an overlap, or without", async () => {
    const first = await make("lapping");
    const second = await rotate("lapping", 24);
    const ask = (secret: string) => opensvc.ask(["service/lapping", secret], "pull", SCOPE_APP);
    expect([await ask(first), await ask(second)]).toEqual(["granted", "granted"]);
    await opensvc.server.db.query(
      "update token_server.directory_service set previous_ends_at = now() - interval '1 s'",
    );
    expect([await ask(first), await ask(second)]).toEqual([401, "granted"]);
    const third = await rotate("lapping", 0);
    expect([await ask(second), await ask(third)]).toEqual([401, "granted"]);
  });

  test("keep their secret as a slow hash alone, and it is on no record", async () => {
    const secret = await make("hashed");
    const { rows } = await opensvc.server.db.query<{ text: string }>(
      `select concat((select string_agg(s::text, ' ') from token_server.directory_service s),
                     (select string_agg(content, ' ') from audit.entry)) as text`,
    );

    expect(rows[0]?.text).toContain("scrypt$");
    expect(rows[0]?.text).not.toContain(secret);
  });

  test("are on record from their making to their end, without the secret", async () => {
    const service = { name: "recorded.example.org" };
    await opensvc.post("/directory/services", { ...service, app: "shop" });
    await opensvc.post("/directory/services/rotate", { ...service, overlapHours: 1 });
    await opensvc.post("/directory/services/delete", service);
    const { rows } = await opensvc.server.db.query<{ content: string }>(
      "select content from audit.entry where content like '%recorded.example.org%' order by at, position",
    );
    const entries = rows.map(({ content }) => JSON.parse(content) as Record<string, unknown>);
    expect(entries.map(({ action }) => action).sort()).toEqual([
      "service.created",
      "service.deleted",
      "service.rotated",
    ]);
    for (const { actor, detail, reason } of entries) {
      expect(actor).toMatchObject({ uid: "bob" });
      expect(reason).toBe("administrator");
      expect(detail).toMatchObject({ ...service, app: "shop", workload: null });
      expect(JSON.stringify(detail)).not.toContain("secret");
    }
  });

  test("are on record as made by who is responsible for the application", async () => {
    await make("made-by-alice");
    const { rows } = await opensvc.server.db.query<{ content: string }>(
      "select content from audit.entry where content like '%made-by-alice%'",
    );

    expect(rows.map(({ content }) => JSON.parse(content) as unknown)).toEqual([
      expect.objectContaining({ reason: "responsible for the app" }),
    ]);
  });

  test.each([
    ["alice-token", "none of your teams is responsible for app vault", "vault"],
    ["alice-token", "none of your teams is responsible for app none", "none"],
    ["bob-token", 'there is no app "none"', "none"],
  ])("are refused to %s: %s", async (token, detail, app) => {
    const answer = await opensvc.post("/directory/services", { name: "refused", app }, token);

    expect([answer.status, answer.body]).toEqual([403, expect.objectContaining({ detail })]);
  });

  test("of one name are made once", async () => {
    await make("once");
    const again = await opensvc.post("/directory/services", { name: "once", app: "shop" });

    expect(again.status).toBe(409);
  });

  test("count as anybody's where the directory has no service", () => {
    const empty = combinedDirectory(null, { current: () => null });
    const { source } = serviceLogins(opensvc.server.db, empty);

    expect(source.accepts({ username: "service/x", password: new Secret("x") })).toBe(false);
  });

  test("are those of names that begin as a service's does, where there is one", async () => {
    await make("one-there-is");
    const stored = storedDirectory(opensvc.server.db, SILENT);
    await stored.refresh();
    const { source } = serviceLogins(opensvc.server.db, combinedDirectory(null, stored));
    const accepts = (username: string) => source.accepts({ username, password: new Secret("x") });

    expect([accepts("service/x"), accepts("alice"), accepts("oauth2")]).toEqual([
      ...[true, false, false],
    ]);
  });

  test("by OIDC are those of the service, with nothing of what the token says besides", async () => {
    const workload = "/nodes/system:serviceaccount:shop:web";
    await opensvc.post("/directory/services", { name: "pod", app: "shop", workload });
    const stored = storedDirectory(opensvc.server.db, SILENT);
    await stored.refresh();
    const logins = serviceLogins(opensvc.server.db, combinedDirectory(null, stored));
    const facts = { realm: "/nodes", uid: "system:serviceaccount:shop:web", validUntil: 4_000 };
    const login = {
      ...makeLogin("oidc", { ...facts, teams: ["alpha"], scopes: ["application.write_all"] }),
      accessToken: null,
    };
    const source = logins.workloads({
      ...{ name: "oidc", accepts: () => true },
      verify: () => Promise.resolve(login),
    });
    const credentials = { username: "oidc", password: new Secret("token") };

    expect(await source.verify(credentials)).toEqual({
      identity: {
        ...{ uid: "service/pod", realm: "/service-logins", kind: "service" },
        ...{ scopes: [], claims: {}, limits: null },
      },
      ...{ teams: [], validUntil: 4_000, accessToken: null },
    });
  });
});

test("what is neither somebody nor a team has no privilege", async () => {
  const { db } = opensvc.server;
  const rows = [
    ...[["Manager", "/odd"], ["Manager", "/odd/"]], // prettier-ignore
    ...[["Manager", "odd-team"], ["Manager", "/odd/user"]], // prettier-ignore
  ];
  await db.query(
    "insert into token_server.directory_privilege (privilege, holder) select * from unnest($1::text[], $2::text[])",
    [rows.map(([privilege]) => privilege), rows.map(([, holder]) => holder)],
  );
  const stored = storedDirectory(db, SILENT);
  await stored.refresh();
  const odd = stored.current()?.privileges.filter(({ to }) => JSON.stringify(to).includes("odd"));
  await db.query("delete from token_server.directory_privilege where holder like '%odd%'");

  expect(odd).toEqual([
    { privilege: "Manager", to: { realm: "/odd", uid: "user" } },
    { privilege: "Manager", to: { team: "odd-team" } },
  ]);
});

test("a privilege is had by oneself, or by a team", async () => {
  await opensvc.change(given("Manager", "managers"));
  const stored = storedDirectory(opensvc.server.db, SILENT);
  await stored.refresh();
  const directory = combinedDirectory(null, stored);
  const has = (uid: string, teams: readonly string[]) =>
    hasPrivilege(directory, { identity: oauthIdentity({ uid }), teams }, "Manager");

  expect([has("mary", []), has("alice", ["alpha"]), has("alice", ["managers"])]).toEqual([
    true,
    false,
    true,
  ]);
});

describe("rules that go by a directory that was not read yet", () => {
  const facts = { directory: { current: () => null }, registries: { find: () => undefined } };

  test("decide nothing", () => {
    const policy = compilePolicy(OPENSVC_RULES);

    expect(() =>
      policyAt({ ...builtInPolicy, current: () => policy }, facts, "lab").current(),
    ).toThrow("the directory has not been read yet");
  });

  test("are no hindrance to rules that do not", () => {
    expect(policyAt(builtInPolicy, facts, "lab").current()).toBe(DEFAULT_POLICY);
  });
});
