import { afterEach, expect, test } from "@jest/globals";
import { runEvents, type EventSummary } from "#tests/chaos/events.js";
import { startFleet, type Fleet } from "#tests/chaos/fleet.js";
import { startFlakyTopic, type FlakyTopic } from "#tests/chaos/flaky-topic.js";
import { randomFrom } from "#tests/chaos/random.js";

const PUSHES = 60;

let topic: FlakyTopic;
let fleet: Fleet;

async function start(ordered: boolean): Promise<void> {
  topic = await startFlakyTopic(randomFrom(5), { ordered });
  fleet = await startFleet(2, topic.env);
}
afterEach(async () => {
  await fleet.stop();
  await topic.stop();
});

async function pushThrough(): Promise<EventSummary> {
  const until = performance.now() + 300_000;
  const say = () => undefined;
  const summary = await runEvents(fleet, topic, { pushes: PUSHES, kills: 2, until, say });
  expect(summary.failedBefore).toBeGreaterThan(0);
  expect(summary.failedAfter).toBeGreaterThan(0);
  expect(summary.duplicates).toBeGreaterThan(0);
  return summary;
}

test("every push is announced in the order of its repository while SNS fails half of the time and gateways are killed", async () => {
  await start(true);
  expect(await pushThrough()).toMatchObject({
    acknowledged: PUSHES,
    gatewaysKilled: 2,
    missing: [],
    overtaking: [],
  });
}, 400_000);

test("every push is announced to a topic without order, too, though what fails steps aside", async () => {
  await start(false);
  expect(await pushThrough()).toMatchObject({
    acknowledged: PUSHES,
    gatewaysKilled: 2,
    missing: [],
  });
}, 400_000);
