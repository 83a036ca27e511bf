import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Database } from "#service-kit/db/pool.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { createLedger, type TestLedger } from "#tests/support/ledger.js";
import { startOwnPostgres, type OwnPostgres } from "#tests/support/postgres.js";
import { happenAll, openStream, type EventStream } from "./support/event-streams.js";
import { startRestStack, type RestStack } from "./support/stack.js";

const EVENTS = "/api/v1/events";

let stack: RestStack;
/** A server that was made anew: it counts its transactions from the beginning. */
let postgres: OwnPostgres;
let restored: TestLedger;
let db: Database;
let gateway: TestGateway;

beforeAll(async () => {
  stack = await startRestStack();
  postgres = await startOwnPostgres({ fsync: "off" });
  restored = await createLedger(postgres);
  db = restored.open();
  gateway = await startGateway({
    ...{ registryUrl: stack.registryUrl, tokenServerUrl: stack.tokenServerUrl },
    ...{ db: restored.open(), hears: restored.config },
  });
});
afterAll(async () => {
  await gateway.stop();
  await restored.close();
  await postgres.stop();
  await stack.stop();
});

async function follow(at: TestGateway, after?: string): Promise<EventStream> {
  return openStream(at.url, EVENTS, {
    Authorization: "Bearer alice-token",
    ...(after === undefined ? {} : { "Last-Event-ID": after }),
  });
}

test("whoever follows is told when the database was given an older state back, once, and then what is new alone", async () => {
  const { db: before } = stack.ledger;
  await countPast(before, await nextIn(db));
  const stream = await follow(stack.gateway);
  await stream.caughtUp();
  await happenAll(before, { repository: "alpha/kept" });
  await stream.events(1);
  await giveBack(before, db);
  await happenAll(before, { repository: "alpha/lost" });
  await stream.events(2);
  const after = stream.place();
  await stream.close();

  const again = await follow(gateway, after);
  await again.caughtUp();
  const missed = again.frames.filter(({ name }) => name === "missed");
  expect(missed.map(({ data }) => data)).toEqual([{ reason: "restored" }]);
  await happenAll(db, { repository: "alpha/new" });
  await again.events(2);
  expect(again.told()).toEqual(["missed undefined", "push alpha/new"]);
  const place = again.place();
  await again.close();

  const later = await follow(gateway, place);
  await later.caughtUp();
  expect(later.told()).toEqual([]);
  await later.close();
});

async function nextIn(at: Database): Promise<number> {
  const { rows } = await at.query<{ next: number }>(
    "select pg_snapshot_xmax(pg_current_snapshot())::text::int as next",
  );
  return rows[0]?.next ?? 0;
}

/** As long as it is in use, a database has counted further than one into which its dump was read. */
async function countPast(at: Database, count: number): Promise<void> {
  const left = count + 1_000 - (await nextIn(at));
  await at.query(
    `do $$ begin
       for i in 1..${Math.max(left, 0)} loop perform pg_current_xact_id(); commit; end loop;
     end $$`,
  );
}

/** As a dump does: rows as they are, with the numbers of the transactions that wrote them then. */
async function giveBack(from: Database, to: Database): Promise<void> {
  const { rows } = await from.query<{ event: object }>(
    "select to_jsonb(event) as event from ledger.event",
  );
  expect(rows).not.toEqual([]);
  for (const { event } of rows)
    await to.query(
      "insert into ledger.event select * from jsonb_populate_record(null::ledger.event, $1)",
      [JSON.stringify(event)],
    );
}
