import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { FRESH_MILLISECONDS } from "#gateway/ledger/remembered-tags.js";
import { image, type TestManifest } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { eventually } from "#tests/support/eventually.js";
import { ask } from "#tests/support/http-client.js";

const TIMES = 8;

describe.each(registryPrograms())("lists of referrers in memory, registry $version", (program) => {
  let wharf: Wharf;
  let names = 0;
  beforeAll(async () => {
    wharf = await startWharf(program.file, [{ id: "all", effect: "mutable", deletable: true }]);
  });
  afterAll(() => wharf.stop());

  /** @returns what the second gateway lists, while everything is written by the first one */
  const listed = async ({ digest }: TestManifest, query = ""): Promise<string[]> => {
    const target = `/v2/${REPOSITORY}/referrers/${digest}${query}`;
    const headers = { Authorization: await wharf.authority.bearer(["pull"]) };
    const { body } = await ask(wharf.gateways[1].url, target, { headers });
    const { manifests } = JSON.parse(body.toString()) as { manifests: { digest: string }[] };
    return manifests.map(({ digest: one }) => one);
  };
  const newSubject = () => image(`subject ${(names += 1)}`);
  const pushed = async (manifest: TestManifest, tag?: string) => {
    expect((await wharf.push(manifest, tag)).status).toBe(201);
  };

  test("are asked for again after a moment, and not before", async () => {
    await eventually("one is served from memory", async () => {
      const subject = newSubject();
      const referrer = image(`of ${names}`, { subject });
      await pushed(referrer);
      await listed(subject);
      const hide = "update ledger.manifest set deleting_at = now() where digest = $1";
      await wharf.db.query(hide, [referrer.digest]);
      const isRemembered = (await listed(subject)).length === 1;
      await eventually("it is forgotten", async () => (await listed(subject)).length === 0);
      return isRemembered;
    });
  });

  test("of one kind, and of pages, are not taken for others", async () => {
    const subject = newSubject();
    for (const name of ["a", "b"]) await pushed(image(name, { subject }));
    for (let times = 0; times < 2; times += 1) {
      expect(await listed(subject, "?artifactType=none")).toEqual([]);
      expect(await listed(subject, "?n=1")).toHaveLength(1);
      expect(await listed(subject)).toHaveLength(2);
    }
  });

  test.each<[string, (subject: TestManifest) => Promise<void>]>([
    ["pushed by digest", (subject) => pushed(image("by digest", { subject }))],
    ["pushed under a tag", (subject) => pushed(image("by tag", { subject }), "referrer")],
    [
      "deleted",
      async (subject) => {
        expect((await wharf.remove(image("there", { subject }).digest)).status).toBe(202);
      },
    ],
  ])("show what is %s at another gateway as soon as that tells of it", async (_what, change) => {
    const waits: number[] = [];
    for (let times = 0; times < TIMES; times += 1) {
      const subject = newSubject();
      await pushed(image("there", { subject }));
      const begun = performance.now();
      const before = await listed(subject);
      await change(subject);
      await eventually("it is seen", async () => {
        return (await listed(subject)).length !== before.length;
      });
      waits.push(performance.now() - begun);
    }
    // Nobody told would be seen once what was read is old: by no means earlier.
    expect(Math.min(...waits)).toBeLessThan(FRESH_MILLISECONDS);
  });
});
