import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SILENCES } from "#tests/chaos/faults.js";
import { startFleet, type Fleet } from "#tests/chaos/fleet.js";
import { RIVALS_PER_ROUND, runKills, TAGS_PER_ROUND } from "#tests/chaos/kills.js";
import { randomFrom } from "#tests/chaos/random.js";

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet(2, {}, { haveWays: true });
});
afterAll(() => fleet.stop());

const LOST = SILENCES.filter(({ kind }) => kind === "lost");

test.each(LOST)(
  "when the host of the $part is lost during pushes, and nobody is told, nothing acknowledged is lost or changed, and every push can be made again",
  async (fault) => {
    const summary = await runKills(fleet, {
      ...{ faults: [fault], rounds: 1, name: fault.part },
      // However slow the machine is: what does not come to an end is told by the pushes that are stuck.
      until: Infinity,
      random: randomFrom(3),
      say: () => undefined,
    });
    expect(summary).toMatchObject({
      acknowledged: TAGS_PER_ROUND,
      refused: RIVALS_PER_ROUND,
      lost: [],
      flipped: [],
      stuck: [],
    });
  },
  600_000,
);
