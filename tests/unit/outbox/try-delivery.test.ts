import { describe, expect, test } from "@jest/globals";
import type { RegistryEvent } from "#gateway/events/event.js";
import { DeliveryError, type Sink } from "#gateway/events/sink.js";
import { deliveryMetrics } from "#gateway/outbox/outbox-metrics.js";
import { tryDelivery, UNTRIED, type DeliverDeps } from "#gateway/outbox/try-delivery.js";
import { SILENT } from "#tests/support/silent.js";
import { Registry } from "prom-client";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const REFUSED_TWICE = { attempts: 6, refusals: 2, refusedSeconds: 400 };

/** @returns what comes of an attempt that a sink meets so */
function tried(failure: DeliveryError | null, before = REFUSED_TWICE, ageSeconds = 0) {
  const sink = {
    name: "kept",
    deliver: () => (failure === null ? Promise.resolve() : Promise.reject(failure)),
  } as unknown as Sink;
  const deps = {
    ...{ db: { query: () => Promise.resolve({ rowCount: 0, rows: [] }) }, log: SILENT },
    metrics: deliveryMetrics(new Registry(), ["kept"]),
    ...{ now: () => NOW, random: () => 1, giveUpSeconds: 3_600, heldBack: () => null },
  } as unknown as DeliverDeps;
  const queuedAt = new Date(NOW - ageSeconds * 1_000);
  return tryDelivery(deps, sink, { event: {} as RegistryEvent, queuedAt, position: 1 }, before);
}
const away = new DeliveryError("away");
const refused = new DeliveryError("422", { lasting: true });

describe("an attempt", () => {
  test("that is taken settles its event, whatever came before", async () => {
    const settlement = { state: "delivered", attempts: 7, lastError: null };
    expect(await tried(null)).toEqual({ kind: "settled", settlement });
  });

  test("that fails begins a row of refusals anew, unless it is one", async () => {
    expect(await tried(away)).toEqual({
      kind: "failed",
      failure: { seconds: 64, sparedSeconds: 0, attempts: 7, refusals: 0, error: "away" },
    });
    expect(await tried(refused, UNTRIED)).toMatchObject({
      failure: { attempts: 1, refusals: 1, seconds: 1 },
    });
  });

  test("that is refused for good once too often, or comes too late, gives its event up", async () => {
    const givenUp = (attempts: number, lastError: string) => ({
      kind: "settled",
      settlement: { state: "dead", attempts, lastError },
    });
    expect(await tried(refused)).toEqual(givenUp(7, "422"));
    expect(await tried(away, REFUSED_TWICE, 3_600)).toEqual(givenUp(7, "away"));
    expect(await tried(away, REFUSED_TWICE, 3_599)).toMatchObject({ kind: "failed" });
  });

  test("that hears that nothing more is wanted says nothing of its event", async () => {
    expect(await tried(new DeliveryError("410", { gone: true }))).toEqual({
      kind: "stopped",
      failure: { seconds: 0, attempts: 0, refusals: 0, error: "410" },
    });
  });

  test("tells of a failure no more than fits", async () => {
    const long = new DeliveryError("x".repeat(501));
    expect(await tried(long)).toMatchObject({ failure: { error: "x".repeat(500) } });
  });
});
