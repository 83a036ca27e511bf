import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import { settledTags } from "#gateway/ledger/settled-tags.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagRule } from "#tag-policy/tag-rule.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { subscriber, type Subscriber } from "#service-kit/db/subscribe.js";
import { eventually } from "#tests/support/eventually.js";
import { gate } from "#tests/support/gate.js";
import { createLedger, SILENT, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import {
  pushDeps,
  tagKeeper,
  tagPush,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";

/** A waiting push looks by itself after this long. */
const LOOK_MILLISECONDS = 2_000;
const MAY_CHANGE: TagRule = { mutability: "mutable", name: "snapshots" };
const HOLDS: TagRule = { mutability: "immutable", name: "immutable" };

let postgres: TestPostgres;
let ledger: TestLedger;
let keeper: TagKeeper;
let gateways: (TestPushDeps & { readonly heard: Subscriber })[];

beforeAll(async () => {
  postgres = await startTestPostgres();
  ledger = await createLedger(postgres);
});
beforeEach(async () => {
  await ledger.clear();
  keeper = tagKeeper();
  gateways = await Promise.all([1, 2, 3].map(() => listeningGateway(ledger.open())));
});
afterEach(async () => {
  await Promise.all(gateways.map(({ heard }) => heard.stop()));
});
afterAll(async () => {
  await ledger.close();
  await postgres.stop();
});

describe("a push that waits for another one", () => {
  test("is woken by the commit of another gateway, long before it would look by itself", async () => {
    const first = await slowPush(gatewayAt(0), tagPush("a"));
    const waiting = timed(codeOf(push(gatewayAt(1), tagPush("b"))));
    await untilWaiting();
    const answered = performance.now();
    first.answer();
    expect((await waiting).value).toBe("TAG_HELD");
    expect((await waiting).at - answered).toBeLessThan(LOOK_MILLISECONDS / 2);
    await first.outcome;
  });

  test("is woken by the release of another gateway, and gets the tag", async () => {
    const first = await slowPush(gatewayAt(0), tagPush("a"));
    const waiting = timed(push(gatewayAt(1), tagPush("b")));
    await untilWaiting();
    const answered = performance.now();
    first.answer(400);
    expect((await waiting).value).toEqual({ verdict: { status: 201 } });
    expect((await waiting).at - answered).toBeLessThan(LOOK_MILLISECONDS / 2);
    await first.outcome;
  });

  test("asks the ledger no more than once in two seconds meanwhile", async () => {
    const first = await slowPush(gatewayAt(0), tagPush("a"));
    const counted = counting(gatewayAt(1).db);
    const since = performance.now();
    const waiting = codeOf(push({ ...gatewayAt(1), db: counted.db }, tagPush("b")));
    // The try at once, and two looks, each of them a reservation that fails and a look at what is there.
    await eventually("two looks", () => counted.statements() >= 6);
    expect(performance.now() - since).toBeGreaterThanOrEqual(2 * LOOK_MILLISECONDS - 10);
    first.answer();
    expect(await waiting).toBe("TAG_HELD");
    await first.outcome;
  });

  test("is not woken by pushes of other tags", async () => {
    const first = await slowPush(gatewayAt(0), tagPush("a"));
    const counted = counting(gatewayAt(1).db);
    const waiting = codeOf(push({ ...gatewayAt(1), db: counted.db }, tagPush("b")));
    for (let i = 0; i < 20; i += 1) {
      await push(gatewayAt(2), tagPush("a", { tag: `other-${i}` }));
      await push(gatewayAt(2), tagPush("a", { repository: `beta/app-${i}` }));
    }
    expect(counted.statements()).toBeLessThanOrEqual(6);
    first.answer();
    expect(await waiting).toBe("TAG_HELD");
    await first.outcome;
  });

  test("looks by itself when the connection it hears on is lost, and hears again afterwards", async () => {
    const first = await slowPush(gatewayAt(0), tagPush("a"));
    const waiting = timed(codeOf(push(gatewayAt(1), tagPush("b"))));
    await untilWaiting();
    await loseSubscriptions();
    const answered = performance.now();
    first.answer();
    expect((await waiting).value).toBe("TAG_HELD");
    expect((await waiting).at - answered).toBeLessThan(LOOK_MILLISECONDS + 1_500);
    await first.outcome;

    await eventually("all listen again", async () => (await subscriptions()) >= gateways.length);
    const next = await slowPush(gatewayAt(0), tagPush("a", { tag: "2.0" }));
    const woken = timed(codeOf(push(gatewayAt(1), tagPush("b", { tag: "2.0" }))));
    await untilWaiting(2);
    const since = performance.now();
    next.answer();
    expect((await woken).value).toBe("TAG_HELD");
    expect((await woken).at - since).toBeLessThan(LOOK_MILLISECONDS / 2);
    await next.outcome;
  });

  test("does not miss an end that comes between its look and its waiting", async () => {
    const took: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      const tag = `round-${round}`;
      const since = performance.now();
      await Promise.all(
        Array.from({ length: 9 }, (_, i) =>
          codeOf(push(gatewayAt(i % 3), tagPush(String(i), { tag }))),
        ),
      );
      took.push(performance.now() - since);
    }
    expect(took.filter((milliseconds) => milliseconds >= LOOK_MILLISECONDS)).toEqual([]);
  });
});

describe("a push of a tag that may change no more", () => {
  /** One push is being written, a second one of other content waits for it, both by the rule as it is just then. */
  async function startBoth(ruleFor: () => TagRule) {
    const first = await slowPush(ruledBy(0, ruleFor), tagPush("a"));
    const waiting = codeOf(push(ruledBy(1, ruleFor), tagPush("b")));
    await untilWaiting();
    return { first, waiting };
  }

  test("is refused although it began to wait when it might still change", async () => {
    let rule = MAY_CHANGE;
    const { first, waiting } = await startBoth(() => rule);
    rule = HOLDS;
    first.answer();
    expect(await first.outcome).toEqual({ verdict: { status: 201 } });
    expect(await waiting).toBe("TAG_HELD");
    expect(keeper.writes).toEqual([tagPush("a").digest]);
  });

  test("is refused although it still might when the rule was asked for, and leaves the tag as it is", async () => {
    await push(gatewayAt(0), tagPush("a"));
    const rules = [MAY_CHANGE];
    const late = push(
      ruledBy(1, () => rules.pop() ?? HOLDS),
      tagPush("b"),
    );
    expect(await codeOf(late)).toBe("TAG_HELD");
    expect(gatewayAt(1).steps).toEqual(["released"]);
    expect(keeper.writes).toEqual([tagPush("a").digest]);
    expect(await push(gatewayAt(2), tagPush("a"))).toEqual({ verdict: null });
  });

  test("is refused when it may not be pushed at all any more", async () => {
    let rule = MAY_CHANGE;
    const { first, waiting } = await startBoth(() => rule);
    rule = { mutability: "forbidden", name: "nobody" };
    first.answer(400);
    expect(await waiting).toBe("TAG_FORBIDDEN");
    await first.outcome;
    expect(keeper.writes).toEqual([]);
  });
});

/** @param pushes - of the second gateway, so many have begun to wait */
async function untilWaiting(pushes = 1): Promise<void> {
  const waited = () => gatewayAt(1).steps.filter((step) => step === "waited").length;
  await eventually("the second push waits", () => waited() >= pushes);
}

/** The gateway, with a rule for all tags that may change at any time. */
function ruledBy(index: number, ruleFor: () => TagRule): TestPushDeps {
  return { ...gatewayAt(index), policy: { isVirtual: () => false, ruleFor } };
}

async function listeningGateway(db: Database) {
  const heard = subscriber(ledger.config, SILENT);
  const settled = settledTags(heard);
  await heard.start();
  const deps = pushDeps(db, keeper);
  const untilSettled = (key: TagKey, milliseconds: number) => settled.until(key, milliseconds);
  return { ...deps, heard, waiting: { ...deps.waiting, untilSettled } };
}

function gatewayAt(index: number): TestPushDeps {
  const gateway = gateways[index];
  if (gateway === undefined) throw new Error(`no gateway ${index}`);
  return gateway;
}

function push(deps: TestPushDeps, claim: TagPush) {
  return pushTag(deps, claim, keeper.transport(claim));
}

/** A push whose registry answers when it is told to; resolves once the registry has been asked. */
async function slowPush(deps: TestPushDeps, claim: TagPush) {
  const [sent, answered] = [gate(), gate()];
  let status = 201;
  const transport = keeper.transport(claim);
  const outcome = pushTag(deps, claim, {
    ...transport,
    send: async () => {
      sent.open();
      await answered.opened;
      return status === 201 ? transport.send() : { status };
    },
  });
  await sent.opened;
  return {
    outcome,
    answer: (given = 201) => {
      status = given;
      answered.open();
    },
  };
}

function counting(db: Database) {
  let count = 0;
  const counted: Database = {
    ...db,
    query: (sql, values) => {
      count += 1;
      return db.query(sql, values);
    },
  };
  return { db: counted, statements: () => count };
}

async function timed<T>(work: Promise<T>): Promise<{ value: T; at: number }> {
  const value = await work;
  return { value, at: performance.now() };
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.catch((error: unknown) => error);
  return outcome instanceof Fault ? outcome.code : outcome;
}

async function loseSubscriptions(): Promise<void> {
  await gatewayAt(0).db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'subscription' and datname = current_database()`,
  );
}

async function subscriptions(): Promise<number> {
  const { rows } = await gatewayAt(0).db.query<{ count: string }>(
    `select count(*) from pg_stat_activity
     where application_name = 'subscription' and datname = current_database() and query ~* 'listen|notify'`,
  );
  return Number(rows[0]?.count);
}
