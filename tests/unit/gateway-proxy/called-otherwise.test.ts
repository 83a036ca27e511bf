import { expect, test } from "@jest/globals";
import { calledOtherwise, type CalledReads } from "#gateway/proxy/called-otherwise.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { IMAGE_TYPE, imageText, readingOf } from "#tests/support/manifest-texts.js";

const repository = parseRepositoryName("alpha/app");
const AWAY = new Fault("UNAVAILABLE", { message: "the ledger is away" });
const like = `sha512:${"0".repeat(128)}` as Digest;

/** What a registry has of a manifest that was pushed by its sha512, and how it is asked for. */
function registryWith(text: string, changed: Partial<CalledReads> = {}) {
  const content = Buffer.from(text);
  const digest = digestOf(content, like);
  const sha256 = digestOf(content);
  const asked: string[] = [];
  const manifest = { digest: sha256, mediaType: IMAGE_TYPE, content, reading: readingOf(content) };
  const reads: CalledReads = {
    sha256OfBlob: (_repository, of) => {
      asked.push(of);
      return Promise.resolve(sha256);
    },
    getManifest: (_repository, of) => Promise.resolve(of === sha256 ? manifest : null),
    ...changed,
  };
  const ask = (cause: unknown = AWAY) => calledOtherwise(reads, { repository, digest }, cause);
  return { content, digest, asked, ask };
}

test.each([
  ["in ASCII, which is kept as text as well", imageText(), true],
  ["in other letters", imageText({ annotations: { by: "Zoë" } }), false],
])(
  "a manifest by another digest comes from the registry while the ledger is away, %s",
  async (_what, text, isText) => {
    const { ask, content, digest } = registryWith(text);
    const mediaType = IMAGE_TYPE;
    expect(await ask()).toEqual({ digest, mediaType, content, text: isText ? text : null });
  },
);

test("what is wrong with the ledger otherwise stays wrong, and the registry is not asked", async () => {
  const { ask, asked } = registryWith(imageText());
  const cause = new Fault("MANIFEST_INVALID");
  await expect(ask(cause)).rejects.toBe(cause);
  expect(asked).toEqual([]);
});

const other = Buffer.from(imageText({ annotations: { other: "one" } }));
const NOT: readonly (readonly [string, Partial<CalledReads>])[] = [
  ["does not say what it is by sha256", { sha256OfBlob: () => Promise.resolve(null) }],
  ["fails", { sha256OfBlob: () => Promise.reject(new Error("reset")) }],
  ["has it as a blob alone", { getManifest: () => Promise.resolve(null) }],
  ["cannot read it", { getManifest: () => Promise.reject(new Error("cut")) }],
  [
    "has something else there",
    {
      getManifest: () =>
        Promise.resolve({
          ...{ digest: digestOf(other), mediaType: IMAGE_TYPE },
          ...{ content: other, reading: readingOf(other) },
        }),
    },
  ],
];

test.each(NOT)(
  "where the registry %s, it is as it was: the ledger is away",
  async (_what, changed) => {
    await expect(registryWith(imageText(), changed).ask()).rejects.toBe(AWAY);
  },
);
