import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { eventually } from "#tests/support/eventually.js";
import { startBetweenRecorders, type BetweenRecorders } from "./support/between-recorders.js";
import { HIDDEN_TARGET, rawAttacks, type RawAttack } from "./support/raw-requests.js";

/** So many attacks at once. */
const AT_ONCE = 16;
const ATTACKS = process.env["ATTACKS"] === "all" ? 20_800 : 400;
const MOST_MILLISECONDS = process.env["ATTACKS"] === "all" ? 1_200_000 : 100_000;

describe.each([
  ["a gateway", false],
  // What bounds headers is not what keeps requests apart: without it nothing else may happen.
  ["a gateway without the bounds of its listener", true],
])("whatever bytes a client sends to %s", (_what, isBare) => {
  let between: BetweenRecorders;
  let attacks: fc.Arbitrary<RawAttack>;

  beforeAll(async () => {
    between = await startBetweenRecorders(isBare);
    const bearer = await between.authority.bearer(["pull", "push"]);
    attacks = rawAttacks({ bearer, basic: "Basic ZXZlOnNlY3JldA==" });
  });
  afterAll(() => between.stop());

  test(
    "registry and token server get exactly the requests that it meant to make",
    async () => {
      let [sent, arrived] = [0, 0];
      const batch = fc.array(attacks, { minLength: AT_ONCE, maxLength: AT_ONCE });
      await fc.assert(
        fc.asyncProperty(batch, async (raws) => {
          sent += raws.length;
          await Promise.all([...raws.map((raw) => between.attack(raw)), between.beVictim()]);
          await between.beVictim();
          const seen = [...between.registry.requests, ...between.tokenServer.requests];
          arrived += seen.length;
          expect(seen.map(({ target }) => target)).not.toContain(HIDDEN_TARGET);
          expect(between.unmeant()).toEqual([]);
        }),
        { numRuns: ATTACKS / AT_ONCE, endOnFailure: true },
      );
      expect(sent).toBeGreaterThanOrEqual(ATTACKS);
      // Six requests of a batch are the victim's: some of the attackers' have to be good enough to go on.
      expect(arrived).toBeGreaterThan((sent / AT_ONCE) * 9);
    },
    MOST_MILLISECONDS,
  );

  test("what is whole in it does get through", async () => {
    const known = await between.authority.bearer(["pull", "push"]);
    const head = "PATCH /v2/alpha/app/blobs/uploads/s1 HTTP/1.1\r\nHost: g\r\n";
    const chunks = "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n";
    const text = `${head}Authorization: ${known}\r\n${chunks}`;
    const socket = connect(between.gateway.port, "127.0.0.1").resume();
    socket.write(text + text);
    socket.write(text);
    const { requests } = between.registry;
    await eventually(
      "all are there",
      () => requests.length === 3 && requests[2]?.bodyHash !== null,
    );
    expect(requests.map(({ bodyBytes }) => bodyBytes)).toEqual([5, 5, 5]);
    socket.destroy();
    expect(between.unmeant()).toEqual([]);
  });
});
