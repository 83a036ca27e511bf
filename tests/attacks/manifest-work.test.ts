import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { image, INDEX_TYPE, type TestManifest } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { errorOf } from "#tests/support/http-client.js";
import { ownTime, watchLoop } from "#tests/support/loop-hold.js";
import { EMPTY_CONFIG, IMAGE_TYPE, imageText } from "#tests/support/manifest-texts.js";

const MIB = 1024 * 1024;
const AT_ONCE = 8;
const isWhole = process.env["ATTACKS"] === "all";
/**
 * Gateway and attackers share one loop here. Read in one go, the worst of these take seconds; how much less it is
 * in slices counts where the machine does nothing else.
 */
const MOST_HELD_MILLISECONDS = isWhole ? 150 : 1_000;
/** What a pull waits for in this process, which works on the pushes meanwhile. */
const MOST_PULL_MILLISECONDS = 3_000;

/** As many units as 4 MiB take. */
function filled(head: string, unit: string, tail: string): string {
  const room = 4 * MIB - head.length - tail.length;
  return head + unit.repeat(Math.floor(room / unit.length)) + tail;
}

const part = (i: number, more: object = {}) => ({
  ...EMPTY_CONFIG,
  digest: digestOf(Buffer.from(String(i))),
  ...more,
});
const parts = (count: number, more?: object) =>
  Array.from({ length: count }, (_, i) => part(i, more));

// prettier-ignore
const WORK: readonly (readonly [what: string, text: string, why: string])[] = [
  ["2 million nested brackets", "[".repeat(2_000_000) + "]".repeat(2_000_000), "nested deeper than 100"],
  ["a million lists", filled('{"x":[[]', ",[]", "]}"), "more than 100000 values"],
  ["as many keys as fit", `{${Array.from({ length: 330_000 }, (_, i) => `"${i}":0`).join()}}`, "more than 20000 entries"],
  ["22,000 layers elsewhere", imageText({ layers: parts(22_000, { urls: ["http://a/b"] }) }), "more than 100000 values"],
  ["15,000 layers", imageText({ layers: parts(15_000) }), "layers: more than 1000 (MANIFEST_LAYERS)"],
  ["a string of 4 MiB", filled('{"x":"', "a", '"}'), "longer than 1048576"],
  ["a string of escapes", filled('{"x":"', "\\u0041", '"}'), "longer than 1048576"],
  ["characters of two bytes", filled('{"x":"', "ä", '"}').slice(0, 2 * MIB), "has no end"],
  ["a number of 4 million digits", filled('{"x":1', "1", "}"), '"schemaVersion" has to be 2'],
  ["nothing but white space", filled("{", " ", "}"), '"schemaVersion" has to be 2'],
  ["many long annotations", imageText({ annotations: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [i, "x".repeat(8_000)])) }), "(MANIFEST_ANNOTATIONS)"],
];

describe.each(registryPrograms().slice(0, 1))(
  "the work on manifests, registry $version",
  (program) => {
    let wharf: Wharf;
    const pulled = image("pulled by others");
    beforeAll(async () => {
      wharf = await startWharf(program.file, []);
      expect((await wharf.push(pulled, "1.0")).status).toBe(201);
    });
    afterAll(() => wharf.stop());

    test.each(WORK)("does not keep others waiting while eight push %s", async (what, text, why) => {
      const manifest: TestManifest = {
        text,
        digest: digestOf(Buffer.from("another")),
        mediaType: IMAGE_TYPE,
      };
      const loop = watchLoop();
      const pushes = Promise.all(
        Array.from({ length: AT_ONCE }, () => wharf.push(manifest, "2.0")),
      );
      const state = { over: false };
      void pushes.then(() => (state.over = true));
      const pulls: number[] = [];
      while (!state.over) {
        const passed = ownTime();
        const answer = await wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/1.0`, {
          headers: { Accept: IMAGE_TYPE },
        });
        pulls.push(passed());
        expect(answer.status).toBe(200);
      }
      const held = loop.end();
      for (const answer of await pushes) {
        expect(answer.status).toBe(400);
        expect(errorOf(answer).message).toContain(why);
      }
      if (isWhole)
        console.log(
          `${what}: loop ${Math.round(held)} ms, ${pulls.length} pulls, slowest ${Math.round(Math.max(...pulls))} ms`,
        );
      expect(held).toBeLessThan(MOST_HELD_MILLISECONDS);
      expect(Math.max(...pulls)).toBeLessThan(MOST_PULL_MILLISECONDS);
    });

    test("is bounded for an index of children that the ledger does not know", async () => {
      const text = JSON.stringify({ schemaVersion: 2, manifests: parts(5_001) });
      const manifest = { text, digest: digestOf(Buffer.from(text)), mediaType: INDEX_TYPE };
      const answer = await wharf.push(manifest, "2.0");
      expect(answer.status).toBe(400);
      expect(errorOf(answer).message).toContain("manifests: more than 5000 (MANIFEST_CHILDREN)");
    });
  },
);
