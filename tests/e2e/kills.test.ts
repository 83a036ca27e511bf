import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { KILLS } from "#tests/chaos/faults.js";
import { startFleet, type Fleet } from "#tests/chaos/fleet.js";
import { RIVALS_PER_ROUND, runKills, TAGS_PER_ROUND } from "#tests/chaos/kills.js";
import { randomFrom } from "#tests/chaos/random.js";

const ROUNDS = 6;
const SEED = 13;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet(2);
});
afterAll(() => fleet.stop());

test("whatever is killed during pushes, nothing acknowledged is lost or changed, and every push can be made again", async () => {
  const summary = await runKills(fleet, {
    faults: KILLS,
    rounds: ROUNDS,
    // However slow the machine is: what does not come to an end is told by the pushes that are stuck.
    until: Infinity,
    // Each of the four parts is among the first six that follow from this seed.
    random: randomFrom(SEED),
    say: () => undefined,
  });
  const killed = Object.values(summary.faults);
  expect(killed.every((count) => count > 0)).toBe(true);
  expect(summary).toMatchObject({
    rounds: ROUNDS,
    acknowledged: ROUNDS * TAGS_PER_ROUND,
    refused: ROUNDS * RIVALS_PER_ROUND,
    lost: [],
    flipped: [],
    stuck: [],
  });
}, 600_000);
