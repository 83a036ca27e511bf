import { describe, expect, test } from "@jest/globals";
import { DeliveryError } from "#gateway/events/sink.js";
import { claimAside, MOST_ASIDE } from "#gateway/outbox/sql/aside.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { outboxCommand } from "./support/command.js";
import {
  announcePush,
  away,
  gone,
  keepingSink,
  passTime,
  refuse,
  statesOf,
  type KeepingSink,
} from "./support/outbox.js";
import { useOutbox, type OutboxParts } from "./support/use-outbox.js";

let db: Database;
let parts: OutboxParts;
let sink: KeepingSink;

useOutbox((made) => {
  parts = made;
  ({ db } = made);
  sink = unordered();
});

const unordered = () => keepingSink("kept", () => true, "here", false);
const tagsOf = ({ taken }: KeepingSink) => taken.map(({ tag }) => tag);
const push = (tag: string) => announcePush(db, [sink], { repository: "alpha/app", tag });
const outbox = (...args: string[]) => outboxCommand(parts.ledger, ...args);

/** An event that fails as is said, and one behind it that arrives. */
async function oneAside(obstacle: () => Promise<void>) {
  sink.meet(({ tag }) => (tag === "bad" ? obstacle() : Promise.resolve()));
  await push("bad");
  await push("behind");
  const gateway = await parts.start(db, [sink]);
  await eventually("the one behind it is delivered", () => tagsOf(sink).includes("behind"));
  return gateway;
}

describe("an event that a sink without order does not take", () => {
  test("holds back none of its repository, and is delivered once the sink takes it", async () => {
    await oneAside(away);
    await push("later");
    await eventually("what comes later is delivered, too", () => tagsOf(sink).includes("later"));
    const before = sink.attempts();
    await passTime(db);
    await eventually("it is tried again by itself", () => sink.attempts() > before);
    sink.meet(() => Promise.resolve());
    await eventually("it is delivered at last", async () => {
      await passTime(db);
      return tagsOf(sink).includes("bad");
    });
    expect(tagsOf(sink)).toEqual(["behind", "later", "bad"]);
    await eventually("nothing is left aside", async () =>
      Object.values(await statesOf(db)).every((state) => state === "delivered"),
    );
    const { rows } = await db.query("select 1 from ledger.delivery_aside");
    expect(rows).toEqual([]);
  });

  test("is given up when it is refused for good, and can be replayed", async () => {
    await oneAside(refuse);
    await eventually("it is given up", async () => {
      await passTime(db);
      return (await statesOf(db))["bad"] === "dead";
    });
    sink.meet(() => Promise.resolve());
    expect((await outbox("replay", "--dead")).stdout).toMatch(/^1 /);
    await eventually("it is delivered", () => tagsOf(sink).includes("bad"));
  });

  test("is counted, listed, tried now and given up by hand", async () => {
    const gateway = await oneAside(away);
    await db.query(
      "update ledger.delivery_aside set claim = null, due_at = now() + interval '9 h'",
    );
    await eventually("it counts", async () =>
      /event_backlog\{sink="kept"\} 1$/m.test(await gateway.metrics()),
    );
    const { stdout } = await outbox("list", "--sink", "kept");
    expect(stdout).toMatch(/^kept +1 +\d+ s +0$/m);
    const shown = /^([0-9a-f-]{36}) +kept +alpha\/app:bad +\d+ +in 9 h +connection refused$/m;
    const [, event = ""] = shown.exec(stdout) ?? [];
    expect(event).not.toBe("");
    expect((await outbox("skip", "--sink", "kept", "--repository", "alpha/app")).code).toBe(1);
    const before = sink.attempts();
    expect((await outbox("retry")).stdout).toContain("and 1 events beside theirs");
    await eventually("it was tried", () => sink.attempts() > before);
    expect((await outbox("replay", "--event", event)).stdout).toMatch(/^0 /);
    expect((await outbox("give-up", "--event", event)).code).toBe(0);
    expect((await outbox("dead")).stdout).toContain("given up by hand: connection refused");
    expect(await statesOf(db)).toEqual({ bad: "dead", behind: "delivered" });
  });

  test("is thrown away with all else that waits for a sink that is configured no more", async () => {
    await oneAside(away);
    expect((await outbox("discard", "--waiting", "--sink", "kept")).stdout).toMatch(/^1 /);
    expect(await statesOf(db)).toEqual({ behind: "delivered" });
  });

  test("waits like all others while the sink is stopped", async () => {
    await oneAside(away);
    sink.meet(gone);
    await push("last");
    await eventually("it is stopped", async () =>
      (await outbox("list")).stdout.includes("STOPPED"),
    );
    await passTime(db);
    expect(await claimAside(db, sink, 30)).toBeNull();
    sink.meet(() => Promise.resolve());
    expect((await outbox("start", "--sink", "kept")).stdout).toContain("2 events wait for it");
    await eventually("all is delivered", () => sink.taken.length === 3);
  });

  test("claimed by a gateway that died is delivered by another when the claim has ended", async () => {
    const first = await oneAside(away);
    await first.stop();
    sink.meet(() => Promise.resolve());
    await db.query(
      "update ledger.delivery_aside set claim = gen_random_uuid(), due_at = clock_timestamp()",
    );
    await parts.start(db, [sink]);
    await eventually("it is delivered", () => tagsOf(sink).includes("bad"));
  });
});

describe("a sink without order", () => {
  test("that asks to be spared is asked nothing more for that repository until then", async () => {
    sink.meet(() =>
      Promise.reject(new DeliveryError("the sink answered 429", { retryAfterSeconds: 600 })),
    );
    await push("1.0");
    await push("1.1");
    await parts.start(db, [sink]);
    await eventually("one steps aside", async () => {
      const { rows } = await db.query<{ wait: number }>(
        `select extract(epoch from due_at - now())::float8 as wait from ledger.outbox
         where claim is null and done_position = 1`,
      );
      return (rows[0]?.wait ?? 0) > 500;
    });
    expect(sink.attempts()).toBe(1);
  });

  test("that takes nothing has so many tried and no more, and gets all when it is back", async () => {
    sink.meet(away);
    const many = MOST_ASIDE + 5;
    for (let i = 0; i < many; i += 1) await push(`1.${i}`);
    await parts.start(db, [sink]);
    await eventually("the queue waits", async () => {
      const { rows } = await db.query(
        "select 1 from ledger.outbox where claim is null and attempts > 0 and done_position = $1",
        [MOST_ASIDE],
      );
      return rows.length === 1;
    });
    sink.meet(() => Promise.resolve());
    await eventually("all of them are delivered", async () => {
      await passTime(db);
      return sink.taken.length === many;
    });
    expect(new Set(tagsOf(sink)).size).toBe(many);
  });

  test("that is said to keep order later gets what had stepped aside all the same", async () => {
    const first = await oneAside(away);
    await first.stop();
    const ordered = keepingSink();
    await passTime(db);
    await parts.start(db, [ordered]);
    await eventually("it is delivered", () => tagsOf(ordered).includes("bad"));
  });
});
