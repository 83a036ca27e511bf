import { expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { limitMetrics } from "#token-server/limits/limit-metrics.js";
import { loginMetrics } from "#token-server/wiring/login-metrics.js";
import { openRequestOrigin } from "#token-server/wiring/request-origin.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import { SILENT } from "#tests/support/silent.js";

/** @returns what a scrape sees, without words */
async function scraped(registry: Registry): Promise<string[]> {
  const lines = (await registry.metrics()).split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).sort();
}

test("logins are counted by how they ended, from nothing on, and so are old answers and new files", async () => {
  const registry = new Registry();
  const counts = loginMetrics(registry);
  const outcomes = ["accepted", "limited", "refused", "undecided"];
  const none = outcomes.map((outcome) => `logins_total{outcome="${outcome}"} 0`);
  expect(await scraped(registry)).toEqual([...none, "stale_team_answers_total 0"]);
  counts.ended("accepted");
  counts.stale();
  counts.loaded("loaded");
  expect(await scraped(registry)).toEqual([
    `logins_loads_total{outcome="loaded"} 1`,
    `logins_total{outcome="accepted"} 1`,
    ...none.slice(1),
    "stale_team_answers_total 1",
  ]);
});

test("limits are counted by whose they are, from nothing on where they lock", async () => {
  const registry = new Registry();
  const counts = limitMetrics(registry);
  const locks = ["account", "source", "undecided"];
  const none = locks.map((reason) => `login_limit_locks_total{reason="${reason}"} 0`);
  expect(await scraped(registry)).toEqual(none);
  counts.countHit("source");
  counts.countLock("account");
  expect(await scraped(registry)).toEqual([
    `login_limit_hits_total{reason="source"} 1`,
    `login_limit_locks_total{reason="account"} 1`,
    ...none.slice(1),
  ]);
});

test("what gateways said of their callers is counted from nothing on", async () => {
  const registry = new Registry();
  await openRequestOrigin(
    { gatewayTrustFile: null, trustedProxies: [] },
    {
      log: SILENT,
      metrics: { registry } as ServiceMetrics,
      ...{ clocks: null as never, files: null as never },
    },
  );
  const outcomes = ["absent", "believed", "refused"];
  expect(await scraped(registry)).toEqual(
    outcomes.map((outcome) => `caller_statements_total{outcome="${outcome}"} 0`),
  );
});
