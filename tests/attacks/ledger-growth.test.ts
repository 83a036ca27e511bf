import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { image } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";

const REFUSALS = 20;

describe.each(registryPrograms().slice(0, 1))(
  "what one user makes the database grow by, registry $version",
  (program) => {
    let wharf: Wharf;
    beforeAll(async () => {
      wharf = await startWharf(program.file, []);
    });
    afterAll(() => wharf.stop());

    const grown = async () => {
      const text = await wharf.gateways[0].metrics();
      const line = `ledger_repository_growth_bytes{repository="${REPOSITORY}"} `;
      return Number(
        text
          .split("\n")
          .find((one) => one.startsWith(line))
          ?.slice(line.length) ?? 0,
      );
    };

    test("shows in the metrics under the repository's name, by tag and by digest, and once for the same content", async () => {
      const heavy = ["one", "two"].map((name) => image(`${name} ${"x".repeat(500_000)}`));
      const [one, two] = heavy as [(typeof heavy)[number], (typeof heavy)[number]];
      expect((await wharf.push(one, "heavy")).status).toBe(201);
      const first = await grown();
      expect(first).toBeGreaterThan(500_000);
      expect((await wharf.push(two)).status).toBe(201);
      expect(await grown()).toBeGreaterThan(first + 500_000);
      expect((await wharf.push(one)).status).toBe(201);
      expect((await wharf.push(two, "again")).status).toBe(201);
      expect(await grown()).toBeLessThan(1_010_000);
    });

    test("is one entry for refusals that repeat, and one more that counts them", async () => {
      expect((await wharf.push(image("held"), "held")).status).toBe(201);
      const before = await grown();
      for (let i = 0; i < REFUSALS; i += 1)
        expect((await wharf.push(image("other"), "held", wharf.gateways[i % 2])).status).toBe(409);
      expect((await grown()) - before).toBeLessThan(2_000);
      const [first, ...more] = await wharf.audited("tag.refused");
      expect(first).toMatchObject({ tag: "held", reason: "tag-held" });
      expect(more).toEqual([]);
      await wharf.gateways[1].settleRefusals();
      expect(await wharf.audited("tag.refused")).toHaveLength(1);
      await wharf.db.query("update ledger.refusal set began_at = began_at - interval '1 hour'");
      await Promise.all(wharf.gateways.map((gateway) => gateway.settleRefusals()));
      const [, counted, ...others] = await wharf.audited("tag.refused");
      expect(counted).toMatchObject({ tag: "held", detail: { repeats: REFUSALS - 1 } });
      expect(others).toEqual([]);
    });
  },
);
