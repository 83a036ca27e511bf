import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { runEvents } from "#tests/chaos/events.js";
import { startFleet, type Fleet } from "#tests/chaos/fleet.js";
import { startFlakyTopic, type FlakyTopic } from "#tests/chaos/flaky-topic.js";
import { randomFrom } from "#tests/chaos/random.js";

const PUSHES = 60;

let topic: FlakyTopic;
let fleet: Fleet;

beforeAll(async () => {
  topic = await startFlakyTopic(randomFrom(5));
  fleet = await startFleet(2, topic.env);
});
afterAll(async () => {
  await fleet.stop();
  await topic.stop();
});

test("every push is announced in the order of its repository while SNS fails half of the time and gateways are killed", async () => {
  const until = performance.now() + 300_000;
  const say = () => undefined;
  const summary = await runEvents(fleet, topic, { pushes: PUSHES, kills: 2, until, say });
  expect(summary).toMatchObject({
    acknowledged: PUSHES,
    gatewaysKilled: 2,
    missing: [],
    overtaking: [],
  });
  expect(summary.failedBefore).toBeGreaterThan(0);
  expect(summary.failedAfter).toBeGreaterThan(0);
  expect(summary.duplicates).toBeGreaterThan(0);
}, 400_000);
