import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { clockWatch } from "#service-kit/clock/clock-watch.js";
import { eventually } from "#tests/support/eventually.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;

beforeEach(async () => {
  server = await startTestTokenServer();
});
afterEach(() => server.stop());

const ready = () => server.http.get("/ready");

describe("the token server is", () => {
  test("ready when its database answers and their clocks agree", async () => {
    await server.clocks.start();
    const answer = await ready();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ready: true,
      checks: { database: "ok", clock: "ok" },
      reasons: [],
    });
  });

  test("not ready while its database cannot be used", async () => {
    await server.db.query("alter schema token_server rename to gone");
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({
      ready: false,
      checks: { database: "failing" },
      reasons: ["the database has no table token_server.refresh_token: is it being restored?"],
    });
  });

  test("not ready while its database can be read alone", async () => {
    await server.db.query(
      `do $$ begin execute format('alter database %I set default_transaction_read_only = on',
         current_database()); end $$`,
    );
    await server.db.query("set default_transaction_read_only to on");
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({
      reasons: ["the database is read-only: is it a standby?"],
    });
  });

  test("not ready when its clock and the database's differ, and says by how much", async () => {
    server.advance(600);
    await server.clocks.start();
    await eventually("the clocks are compared", async () => (await ready()).status === 503);
    expect((await ready()).body).toMatchObject({
      checks: { database: "ok", clock: "failing" },
      reasons: ["the database's clock is 10 minutes behind the token server's"],
    });
  });
});

describe("clocks that are compared", () => {
  test("are told of once when they differ and once when they agree again, and stand in the metrics", async () => {
    const told: { event: string; message?: string }[] = [];
    const log = { warn: (what: never) => told.push(what), info: (what: never) => told.push(what) };
    const registry = new Registry();
    let ahead = -960_000;
    const now = () => Date.now() + ahead;
    const clocks = clockWatch("gateway", { db: server.db, log: log as never, registry, now });
    const hear = () => {
      const date = new Date().toUTCString();
      clocks.noteDate("token server", date, { from: now(), to: now() });
      clocks.noteDate("registry", date, { from: now(), to: now() });
    };
    hear();
    hear();
    expect(clocks.verdict()).toEqual({ own: "wrong", differing: ["token server", "registry"] });
    expect(await registry.metrics()).toMatch(/clock_ahead_seconds\{of="registry"\} 9[56]\d/);
    expect(await registry.metrics()).toContain("clock_distrusted 1");
    ahead = 0;
    hear();
    expect(await registry.metrics()).toContain("clock_distrusted 0");
    const events = told.map(({ event }) => event);
    expect(events.at(0)).toBe("clock.differs");
    expect(events.at(-1)).toBe("clock.agrees");
    expect(told[1]?.message).toContain("the registry's clock is 16 minutes ahead of the gateway's");
  });

  test("are forgotten when nothing was heard of them for two minutes", () => {
    let at = 0;
    const clocks = clockWatch("gateway", {
      db: server.db,
      log: { warn: () => undefined, info: () => undefined } as never,
      registry: new Registry(),
      now: () => at,
    });
    clocks.noteDate("registry", new Date(600_000).toUTCString(), { from: 0, to: 0 });
    expect(clocks.difference("registry")).not.toBeNull();
    at = 130_000;
    expect(clocks.difference("registry")).toBeNull();
    expect(clocks.verdict().own).toBe("right");
  });

  test("whose date nobody can read are not compared", () => {
    clocksOf(server).noteDate("registry", "yesterday", { from: 0, to: 0 });
    clocksOf(server).noteDate("registry", null, { from: 0, to: 0 });
    expect(clocksOf(server).reasons()).toEqual([]);
  });
});

const clocksOf = ({ clocks }: TestTokenServer) => clocks;
