import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startFleet, type Fleet } from "#tests/chaos/fleet.js";
import { runRaces } from "#tests/chaos/races.js";

const ROUNDS = 5;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet(3);
});
afterAll(() => fleet.stop());

test("of 64 pushes of one tag through three gateways exactly one is acknowledged, 63 are refused, round after round", async () => {
  const options = { rounds: ROUNDS, until: Infinity, say: () => undefined };
  const summary = await runRaces(fleet, options);
  expect(summary).toMatchObject({
    rounds: ROUNDS,
    acknowledged: ROUNDS,
    refused: ROUNDS * 63,
    wrong: [],
  });
});
