import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventStream } from "#gateway/api/event-stream.js";
import { eventually } from "#tests/support/eventually.js";
import { ask } from "#tests/support/http-client.js";
import { listening } from "#tests/support/test-server.js";
import { happenAll, openStream } from "./support/event-streams.js";
import { startRestStack, type RestStack } from "./support/stack.js";

const EVENTS = "/api/v1/events";
const ALICE = { Authorization: "Bearer alice-token" };
const LIFETIME_SECONDS = 3;

let stack: RestStack;

beforeAll(async () => {
  stack = await startRestStack({}, { lifetimeSeconds: LIFETIME_SECONDS });
});
afterAll(() => stack.stop());

describe("a stream of events ends", () => {
  test("with the token of its login, whole, and is gone on with by another", async () => {
    const since = performance.now();
    const stream = await openStream(stack.gateway.url, EVENTS, ALICE);
    await stream.caughtUp();
    await eventually("it is over", stream.isOver);
    expect(performance.now() - since).toBeLessThan((LIFETIME_SECONDS + 2) * 1_000);
    expect(stream.text()).toMatch(/\n\n$/);
    await happenAll(stack.ledger.db, { repository: "alpha/meanwhile" });
    const again = await openStream(stack.gateway.url, EVENTS, {
      ...ALICE,
      "Last-Event-ID": stream.place(),
    });
    await again.caughtUp();
    expect(again.told()).toEqual(["push alpha/meanwhile"]);
    await again.close();
    expect(await stack.gateway.metrics()).toMatch(
      /^live_streams_ended_total\{reason="login"\} [1-9]/m,
    );
  });

  test("when its client takes nothing of it, and is not kept for it", async () => {
    const ends: boolean[] = [];
    const server = await listening(
      createServer((_req, res) => {
        const { signal } = new AbortController();
        const out = eventStream(res, { heartbeatMilliseconds: 60_000, signal, mostIdle: 300 });
        void (async () => {
          while (out.isOpen()) await out.event("1", "push", { reason: "x".repeat(100_000) });
          ends.push(out.wasSlow());
        })();
      }),
    );
    const stream = await openStream(server.url, "/");
    stream.stall();
    await eventually("it was given up", () => ends.length === 1);
    expect(ends).toEqual([true]);
    await stream.close();
    await server.stop();
  });

  test("at once when its gateway is about to end, which begins none from then on", async () => {
    const own = await startRestStack();
    const { gateway } = own;
    try {
      const stream = await openStream(gateway.url, EVENTS, ALICE);
      await stream.caughtUp();
      gateway.announceStop();
      await eventually("it is over", stream.isOver);
      expect(stream.text()).toMatch(/\n\n$/);
      const answer = await ask(gateway.url, EVENTS, { headers: ALICE });
      expect(answer.status).toBe(503);
      expect(await gateway.metrics()).toMatch(/^live_streams 0$/m);
      expect(await gateway.metrics()).toMatch(/^live_streams_ended_total\{reason="stopping"\} 1$/m);
    } finally {
      await own.stop();
    }
  });
});
