import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { migrator } from "#service-kit/db/migrate.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { connectWritable } from "#service-kit/db/servers.js";
import { subscriber } from "#service-kit/db/subscribe.js";
import { connected } from "#tests/support/database-roles.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT, type TestLedger } from "#tests/support/ledger.js";
import { configOf } from "#tests/support/migrated-database.js";
import { LEDGER_MIGRATIONS } from "#tests/support/migrations.js";
import { startOwnPostgres, type OwnPostgres } from "#tests/support/postgres.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";
import { useFreshLedger } from "#tests/support/use-ledger.js";

let ledger: TestLedger;
let one: TcpRelay;
let two: TcpRelay;
let config: DatabaseConfig;
let db: Database;

useFreshLedger((fresh) => {
  ({ ledger, relay: one } = fresh);
});
beforeEach(async () => {
  two = await startRelay(ledger.config.port);
  const others = [{ host: ledger.config.host, port: two.port }];
  config = { ...ledger.config, port: one.port, others };
  db = openDatabase(config, { name: "test", connections: 4 }, SILENT);
});
afterEach(async () => {
  await db.close();
  await two.cut();
});

/** A server that can be logged in to in the same way, and be read alone. */
async function standbyOf({ database }: DatabaseConfig): Promise<OwnPostgres> {
  const own = await startOwnPostgres();
  await connected(configOf(own.login), async (client) => {
    await client.query(`create database ${database}`);
    const { rows } = await client.query<{ file: string }>(
      "select current_setting('hba_file') as file",
    );
    const file = pg.escapeLiteral(rows[0]?.file ?? "");
    await client.query(`copy (select 'host all all 127.0.0.1/32 trust') to ${file}`);
  });
  await own.restartAsStandby();
  return own;
}

const portOf = async () => {
  const { rows } = await db.query<{ name: string }>("select current_database() as name");
  return rows[0]?.name;
};

describe("of several servers", () => {
  test("the one that is there is asked, by whatever asks, and the other one when they change", async () => {
    await one.cut();
    expect(await portOf()).toBe(config.database);
    await db.transaction((tx) => tx.query("select 1"));
    expect(await runExclusively(config, "discovery", SILENT, () => Promise.resolve(1))).toEqual({
      ran: true,
      result: 1,
    });
    await one.mend();
    await two.cut();
    await eventually("the first is asked again", () =>
      portOf().then(
        () => true,
        () => false,
      ),
    );
    await db.transaction((tx) => tx.query("select 1"));
  });

  test("another one is not asked because all connections to the first are in use", async () => {
    let asked = 0;
    const other = createServer((socket) => {
      asked += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const pair = { ...config, others: [{ host: config.host, port }] };
    const busy = openDatabase(pair, { name: "test", connections: 1 }, SILENT);
    await busy.transaction(async () => {
      await expect(busy.query("select 1")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    });
    await busy.query("select 1").then(() => busy.query("set default_transaction_read_only = on"));
    await busy.query("create table ledger.scratch (id int)").catch(() => undefined);
    await busy.query("select 1");
    expect(asked).toBe(0);
    await busy.close();
    other.close();
  });

  test("what is told is heard from the one that is there", async () => {
    await one.cut();
    const heard = subscriber(config, SILENT);
    const told: string[] = [];
    heard.on("told_in_a_test", (payload) => told.push(payload));
    await heard.start();
    db.tell("told_in_a_test", "news");
    await eventually("it is heard", () => told.join() === "news");
    await heard.stop();
  });

  test("one that is read-only is left for another, and said to be so when all are", async () => {
    const name = ledger.config.database;
    const direct = ledger.open({ connections: 1 });
    await direct.query(`alter database ${name} set default_transaction_read_only = on`);
    const connecting = connectWritable(config, {}, () => undefined);
    await expect(connecting).rejects.toThrow("read-only: is it a standby?");
    await expect(db.query("select 1")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await direct.query("set default_transaction_read_only = off");
    await direct.query(`alter database ${name} reset default_transaction_read_only`);
    expect(await portOf()).toBe(name);
  });

  test("one that is a standby is left for the one that can be written to, by whatever asks", async () => {
    const standby = await standbyOf(ledger.config);
    const pair = { ...ledger.config, port: standby.login.port, others: [ledger.config] };
    const pool = openDatabase(pair, { name: "test", connections: 2 }, SILENT);
    await pool.query("create table ledger.scratch (id int)");
    const exclusive = await runExclusively(pair, "discovery", SILENT, (session) =>
      session.query("insert into ledger.scratch values (1)"),
    );
    expect(exclusive.ran).toBe(true);
    const told: string[] = [];
    const heard = subscriber(pair, SILENT);
    heard.on("told_in_a_test", (payload) => told.push(payload));
    await heard.start();
    pool.tell("told_in_a_test", "news");
    await eventually("it is heard", () => told.join() === "news");
    const schema = migrator(pair, [LEDGER_MIGRATIONS], SILENT);
    await schema.start();
    expect(schema.unmigrated()).toBeNull();
    await Promise.all([heard.stop(), schema.stop(), pool.close()]);
    await standby.stop();
  });

  test("a connection of a server that has become read-only is used no more", async () => {
    const pid = async () => {
      const { rows } = await db.query<{ pid: number }>("select pg_backend_pid() as pid");
      return rows[0]?.pid;
    };
    const before = await pid();
    await db.query("set default_transaction_read_only = on");
    await expect(db.query("create table ledger.scratch (id int)")).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(await pid()).not.toBe(before);
    await db.query("create table ledger.scratch (id int)");
  });
});
