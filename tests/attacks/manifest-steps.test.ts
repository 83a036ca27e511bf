import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { JsonProblem } from "#registry-protocol/json/json-value.js";
import { atOnce, type Work } from "#registry-protocol/json/read-json.js";
import { growthOf } from "#registry-protocol/manifest/append-only.js";
import { MANIFEST_BOUNDS, UNBOUNDED } from "#registry-protocol/manifest/bounds.js";
import { labelsOf } from "#registry-protocol/manifest/image-parts.js";
import { readManifest } from "#registry-protocol/manifest/read-manifest.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import { EMPTY_CONFIG, IMAGE_TYPE, imageText, INDEX_TYPE } from "#tests/support/manifest-texts.js";

const MOST_BYTES = 4 * 1024 * 1024;
/**
 * Of one step, collection of garbage included; between two of them everybody else is served. Twice what they take
 * (docs/manifests.md) where the machine does nothing else; everywhere, it must not explode.
 */
const MOST_MILLISECONDS = process.env["ATTACKS"] === "all" ? 40 : 200;
const ATTEMPTS = 8;
const FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar";

const many = <T>(count: number, make: (i: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));
const part = (i: number, more: object = {}) => ({
  ...EMPTY_CONFIG,
  digest: digestOf(Buffer.from(String(i))),
  ...more,
});
const oneLayer = (more: object) => imageText({ layers: [part(1, more)] });
const keys = (count: number, key: (i: number) => string) =>
  `{${many(count, (i) => `"${key(i)}":[]`).join()}}`;
const elsewhere = (count: number, urls: readonly string[]) =>
  imageText({ layers: many(count, (i) => part(i, { mediaType: FOREIGN, urls })) });
const string = (unit: string) => `{"x":"${unit.repeat(Math.floor(4_194_290 / unit.length))}"}`;

// prettier-ignore
const WORK: readonly (readonly [what: string, text: string, contentType?: string])[] = [
  ["2 million nested brackets", "[".repeat(2_000_000) + "]".repeat(2_000_000)],
  ["300,000 keys", keys(300_000, String)],
  ["300,000 keys of a child", `{"manifests":[${keys(300_000, String)}]}`],
  ["200,000 times the same key in another case", keys(200_000, () => "Manifests")],
  ["22,000 layers elsewhere", elsewhere(22_000, ["http://a/b"])],
  ["as many addresses as may be", elsewhere(1_000, many(16, () => `http://a/${"b".repeat(220)}`))],
  ["an address of a million characters", elsewhere(1, [`http://a/${"b".repeat(1_000_000)}`])],
  ["names of hosts in another script", elsewhere(4, [`http://${"ä.".repeat(300_000)}/`])],
  ["short names of hosts in another script", elsewhere(400, many(4, () => `http://${"ä.".repeat(300)}/`))],
  ["keys of a million characters", imageText(Object.fromEntries(["K", "S", "\u017f"].map((letter) => [letter.repeat(1_000_000), 1])))],
  ["19,000 long keys", oneLayer(Object.fromEntries(many(19_000, (i) => [`${"layer\u017f".repeat(8)}${i}`, i])))],
  ["99,000 values of one layer", oneLayer({ more: many(99_000, (i) => i) })],
  ["19,000 objects of one layer", oneLayer({ more: many(19_000, (i) => ({ [`k${i}`]: [i, i] })) })],
  ["strings of a million escapes", imageText({ a: "\n".repeat(500_000), b: "\n".repeat(500_000), c: "\n".repeat(500_000), d: "\n".repeat(500_000) })],
  ["a string of escapes", string("\\u0041")],
  ["a string of characters of three bytes", string("\u20ac").slice(0, 1_300_000)],
  ["long annotations", imageText({ annotations: Object.fromEntries(many(400, (i) => [i, "x".repeat(5_000)])) })],
  ["many annotations", imageText({ layers: many(180, (i) => part(i, { annotations: Object.fromEntries(many(400, (k) => [`k${k}`, "v".repeat(10)])) })) })],
  ["5,000 children", JSON.stringify({ schemaVersion: 2, manifests: many(5_000, (i) => part(i, { more: "y".repeat(600) })) }), INDEX_TYPE],
];

describe.each(WORK)("the work on %s", (_what, text, contentType = IMAGE_TYPE) => {
  const content = Buffer.from(text);
  const standing = atOnce(readStanding(content, contentType));
  // prettier-ignore
  const readers: readonly (readonly [string, () => Work<unknown>])[] = [
    ["a push", () => readManifest(content, contentType, MANIFEST_BOUNDS)],
    ["a push with all bounds off", () => readManifest(content, contentType, UNBOUNDED)],
    ["what stands", () => readStanding(content, contentType)],
    ["an image's configuration", () => labelsOf(content)],
    ...(standing.kind === "unclear" ? [] : [["what may only grow", () => growthOf(standing, standing)] as const]),
  ];

  test("is done in short steps by every reader", () => {
    expect(content.length).toBeLessThanOrEqual(contentType === IMAGE_TYPE ? 5e6 : MOST_BYTES);
    for (const [reader, work] of readers)
      expect([reader, longestStep(work)]).toEqual([reader, expect.any(Number)]);
  });
});

/** @returns how long the longest step takes, where that is not too long; a text where it is, however often it is tried */
function longestStep(work: () => Work<unknown>): number | string {
  let longest = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && longest > MOST_MILLISECONDS; attempt += 1)
    longest = Math.min(longest, longestOf(work()));
  return longest > MOST_MILLISECONDS ? `${longest.toFixed(1)} ms` : longest;
}

/** Other programs take time and no work of ours, several threads that collect garbage take work and no time. */
function longestOf(work: Work<unknown>): number {
  let longest = 0;
  for (;;) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    const isDone = takeStep(work);
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, Math.min((user + system) / 1_000, performance.now() - began));
    if (isDone) return longest;
  }
}

function takeStep(work: Work<unknown>): boolean {
  try {
    return work.next().done === true;
  } catch (error) {
    if (error instanceof JsonProblem) return true;
    throw error;
  }
}
