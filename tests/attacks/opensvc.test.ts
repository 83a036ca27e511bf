import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  given,
  oauth,
  startOpensvcServer,
  taken,
  type OpensvcServer,
} from "#tests/support/opensvc-server.js";

const ALICE = oauth("alice-token");
const MARY = oauth("mary-token");
const ONE = oauth("seven-token");
const OTHER_ALICE = oauth("other-alice-token");

let opensvc: OpensvcServer;
beforeAll(async () => {
  opensvc = await startOpensvcServer();
});
afterAll(() => opensvc.stop());

const ask: OpensvcServer["ask"] = (...asked) => opensvc.ask(...asked);

async function secretOf(name: string, app: string, token: string): Promise<string> {
  const made = await opensvc.post("/directory/services", { name, app }, token);
  expect(made.status).toBe(201);
  return (made.body as { secret: string }).secret;
}

describe("a team that is not responsible", () => {
  test("pushes to no other prefix, whatever privileges its members have", async () => {
    await opensvc.change(given("Manager", "/employees/alice"));

    expect(await ask(ALICE, "push", "global/app")).toBe(
      "none of your teams is responsible for registry lab",
    );
    await opensvc.change(taken("Manager", "/employees/alice"));
  });

  test("pushes to no application of another team, and makes no service of it", async () => {
    expect(await ask(ALICE, "push", "apps/vault/app")).toBe(
      "none of your teams is responsible for app vault",
    );
    const made = await opensvc.post(
      "/directory/services",
      { name: "spy", app: "vault" },
      "alice-token",
    );
    expect([made.status, made.body]).toEqual([
      403,
      expect.objectContaining({ detail: expect.stringContaining("none of your teams") }),
    ]);
  });

  test("learns of an application that is not there what it learns of one that is", async () => {
    const answers = await Promise.all(
      ["vault", "nothing"].map((app) =>
        opensvc.post("/directory/services", { name: "spy", app }, "alice-token"),
      ),
    );
    const said = answers.map(({ status, body }) => [
      status,
      (body as { detail: string }).detail.replace(/vault|nothing/, "…"),
    ]);

    expect(said[0]).toEqual(said[1]);
  });

  test("neither rotates nor ends a service of another team, nor learns that it is there", async () => {
    await secretOf("web", "shop", "alice-token");
    const answers = await Promise.all(
      ["web", "not-there"].flatMap((name) =>
        ["/directory/services/rotate", "/directory/services/delete"].map((path) =>
          opensvc.post(path, { name }, "mary-token"),
        ),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    const seen = await opensvc.server.http
      .get("/api/v1/directory")
      .set("Authorization", "Bearer mary-token");
    expect(seen.text).not.toMatch(/"web"|"shop"|alice/);
  });
});

describe("a service", () => {
  test("pushes nowhere, deletes nothing and sees nothing of people", async () => {
    const login = ["service/pusher", await secretOf("pusher", "shop", "alice-token")] as const;

    expect(await ask(login, "pull", "apps/shop/app")).toBe("granted");
    for (const repository of ["apps/shop/app", "global/app", "users/1/app", "groups/alpha/app"])
      for (const action of ["push", "delete", "*"])
        expect(await ask(login, action, repository)).toBe("services only pull");
    expect(await ask(login, "pull", "users/1/app")).toBe("services pull nothing below users/");
    expect(await ask(login, "pull", "groups/alpha/app")).toBe(
      "services pull nothing below groups/",
    );
    expect(await ask(login, "pull", "apps/vault/app")).toBe(
      "the service is of app shop, not vault",
    );
  });

  test("gets no privilege, not even one that is given to its name or its team", async () => {
    const login = ["service/greedy", await secretOf("greedy", "shop", "alice-token")] as const;
    await opensvc.change(
      given("Pusher", "/service-logins/service/greedy"),
      given("Manager", "/service-logins/service/greedy"),
      { change: "user.set", login: "/service-logins/service/greedy" },
    );

    expect(await ask(login, "push", "global/app")).toBe("services only pull");
    expect(await ask(login, "push", "apps/shop/app")).toBe("services only pull");
  });

  test("manages nothing", async () => {
    const secret = await secretOf("boss", "shop", "alice-token");
    const asked = await opensvc.server.http
      .post("/api/v1/directory/services/rotate")
      .auth("service/boss", secret)
      .send({ name: "boss" });

    expect(asked.status).toBe(403);
    expect(asked.text).toContain("a login of kind service cannot manage the directory");
  });

  test("pulls no longer when it is ended, or its application is gone", async () => {
    const login = ["service/gone", await secretOf("gone", "shop", "alice-token")] as const;
    expect(await ask(login, "pull", "apps/shop/app")).toBe("granted");
    await opensvc.change({
      change: "app.set",
      code: "shop",
      responsibles: ["alpha"],
      publications: [],
    });
    expect(await ask(login, "pull", "apps/shop/app")).toContain("published to no team");
    await opensvc.change({
      ...{ change: "app.set", code: "shop", responsibles: ["alpha"], publications: ["alpha"] },
    });
    await opensvc.post("/directory/services/delete", { name: "gone" }, "alice-token");
    expect(await ask(login, "pull", "apps/shop/app")).toBe(401);
  });

  test("is let in by its own secret alone, and not at all by that of another", async () => {
    const secret = await secretOf("one", "shop", "alice-token");
    await secretOf("two", "shop", "alice-token");

    expect(await ask(["service/two", secret], "pull", "apps/shop/app")).toBe(401);
    expect(await ask(["service/not-there", secret], "pull", "apps/shop/app")).toBe(401);
    expect(await ask(["service/../one", secret], "pull", "apps/shop/app")).toBe(401);
  });
});

test("a Manager of another team is none of this registry's", async () => {
  for (const repository of ["global/app", "users/mary/app", "groups/gamma/app", "apps/vault/app"])
    expect(await ask(MARY, "push", repository)).toMatch(
      /registry lab is not published to any of your teams|none of your teams is responsible for registry lab/,
    );
  expect(await ask(MARY, "pull", "global/app")).toContain("not published to any of your teams");
  const changed = await opensvc.post(
    "/directory/changes",
    { changes: [given("Pusher", "/employees/mary")] },
    "mary-token",
  );
  expect(changed.status).toBe(403);
});

describe("names that are made to look like ids", () => {
  test("a user who is called like the id of another gets nothing of theirs", async () => {
    // alice has the id 1.
    expect(await ask(ALICE, "push", "users/1/app")).toBe("granted");
    expect(await ask(ONE, "push", "users/1/app")).toBe("1 is not the user with id 1");
    expect(await ask(ONE, "pull", "users/1/app")).toBe("1 is not the user with id 1");
    expect(await ask(ONE, "push", "users/3/app")).toBe("granted");
  });

  test.each([
    { change: "team.set", name: "1" },
    { change: "app.set", code: "1", responsibles: ["alpha"], publications: ["alpha"] },
  ])("nothing of the directory can be called so: %j", async (change) => {
    expect((await opensvc.post("/directory/changes", { changes: [change] })).status).toBe(400);
  });

  test("the same name of another realm is nobody, and cannot be made somebody", async () => {
    expect(await ask(OTHER_ALICE, "push", "users/alice/app")).toBe(
      "alice is no user of the directory",
    );
    expect(await ask(OTHER_ALICE, "push", "users/1/app")).toBe("alice is no user of the directory");
    const { status } = await opensvc.post("/directory/changes", {
      changes: [{ change: "user.set", login: "/customers/alice" }],
    });
    expect(status).toBe(409);
  });

  test("an id that was given back is never given again", async () => {
    await opensvc.change({ change: "user.set", login: "/employees/short" });
    await opensvc.change({ change: "user.removed", login: "/employees/short" });
    await opensvc.change({ change: "user.set", login: "/employees/next" });
    const { rows } = await opensvc.server.db.query<{ id: number }>(
      "select id::int from token_server.directory_user where uid = 'next'",
    );

    expect(rows[0]?.id).toBeGreaterThan(4);
  });
});

test.each(["../vault", "**", "*", "${app.published}", "Vault", "vault/x", "v%61ult"])(
  "an application with the code %j opens nothing but its own id",
  async (code) => {
    await opensvc.change({
      change: "app.set",
      code,
      responsibles: ["alpha"],
      publications: ["alpha"],
    });
    for (const action of ["push", "pull"]) {
      expect(await ask(ALICE, action, "apps/vault/app")).not.toBe("granted");
      expect(await ask(ALICE, action, "apps/other/app")).not.toBe("granted");
    }
    const { rows } = await opensvc.server.db.query<{ id: number }>(
      "select id::int from token_server.directory_app where code = $1",
      [code],
    );
    expect(await ask(ALICE, "push", `apps/${rows[0]?.id ?? 0}/app`)).toBe("granted");
    await opensvc.change({ change: "app.removed", code });
  },
);

test("a privilege that is taken while a token lives ends with that token, and the next has it no more", async () => {
  await opensvc.change(given("Pusher", "/employees/alice"));
  expect(await ask(ALICE, "push", "users/alice/app")).toBe("granted");
  await opensvc.change(taken("Pusher", "/employees/alice"), taken("Pusher", "alpha"));
  expect(await ask(ALICE, "push", "users/alice/app")).toBe("needs the privilege Pusher");
  await opensvc.change(given("Pusher", "alpha"));
  expect(await ask(ALICE, "push", "users/alice/app")).toBe("granted");
});
