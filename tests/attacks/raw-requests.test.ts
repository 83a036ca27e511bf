import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { startBetweenRecorders, type BetweenRecorders } from "./support/between-recorders.js";
import { HIDDEN_TARGET, rawAttacks, type RawAttack } from "./support/raw-requests.js";

/** So many attacks at once. */
const AT_ONCE = 16;
const ATTACKS = process.env["ATTACKS"] === "all" ? 20_800 : 400;
const MOST_MILLISECONDS = process.env["ATTACKS"] === "all" ? 1_200_000 : 100_000;

let between: BetweenRecorders;
let attacks: fc.Arbitrary<RawAttack>;

beforeAll(async () => {
  between = await startBetweenRecorders();
  const bearer = await between.authority.bearer(["pull", "push"]);
  attacks = rawAttacks({ bearer, basic: "Basic ZXZlOnNlY3JldA==" });
});
afterAll(() => between.stop());

describe("whatever bytes a client sends", () => {
  test(
    "registry and token server get exactly the requests that the gateway meant to make",
    async () => {
      let sent = 0;
      const batch = fc.array(attacks, { minLength: AT_ONCE, maxLength: AT_ONCE });
      await fc.assert(
        fc.asyncProperty(batch, async (raws) => {
          sent += raws.length;
          await Promise.all([...raws.map((raw) => between.attack(raw)), between.beVictim()]);
          await between.beVictim();
          const seen = [...between.registry.requests, ...between.tokenServer.requests];
          expect(seen.map(({ target }) => target)).not.toContain(HIDDEN_TARGET);
          expect(between.unmeant()).toEqual([]);
        }),
        { numRuns: ATTACKS / AT_ONCE, endOnFailure: true },
      );
      expect(sent).toBeGreaterThanOrEqual(ATTACKS);
    },
    MOST_MILLISECONDS,
  );

  test("and requests of theirs that are whole do get through", async () => {
    const known = await between.authority.bearer(["pull", "push"]);
    const head = "PATCH /v2/alpha/app/blobs/uploads/s1 HTTP/1.1\r\nHost: g\r\n";
    const text = `${head}Authorization: ${known}\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n`;
    await between.attack({ pieces: [text + text, text], ending: "half-close" });
    expect(between.registry.requests.map(({ bodyBytes }) => bodyBytes)).toEqual([5, 5, 5]);
    expect(between.unmeant()).toEqual([]);
  });
});
