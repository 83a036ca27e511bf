import { describe, expect, test } from "@jest/globals";
import { rememberedTags, type FinalWord } from "#gateway/ledger/remembered-tags.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";

const key = { repository: parseRepositoryName("alpha/app"), tag: parseTag("1.0") };
const other = { ...key, tag: parseTag("2.0") };
const [a, b, c] = [digest("a"), digest("b"), digest("c")] as const;
const [first, second] = [means(a, 1), means(b, 2)];

function means(meant: Digest, revision: number): FinalWord {
  return { kind: "means", digest: meant, revision, locked: false, isFinal: false };
}

function digest(text: string): Digest {
  return digestOf(Buffer.from(text));
}

/** @returns a memory, and a clock that the test moves */
function memoryAt(start = 0) {
  const clock = { at: start };
  const memory = rememberedTags({ now: () => clock.at, freshMilliseconds: 1_000 });
  return { clock, memory, ask: () => memory.asking() };
}

describe("what is remembered of tags", () => {
  test("is what the ledger said last", () => {
    const { memory, ask } = memoryAt();
    expect(memory.recall(key)).toEqual({ kind: "nothing" });
    memory.answered(key, first, ask());
    expect(memory.recall(key)).toMatchObject({ kind: "means", digest: a });
    memory.answered(key, { kind: "deleted", revision: 2 }, ask());
    expect(memory.recall(key)).toMatchObject({ kind: "deleted" });
    memory.answered(key, means(c, 3), ask());
    expect(memory.recall(key)).toMatchObject({ kind: "means", digest: c });
    memory.answered(key, null, ask());
    expect(memory.recall(key)).toEqual({ kind: "nothing" });
  });

  test("is fresh for a second after the ledger was asked, however late it answered", () => {
    const { clock, memory, ask } = memoryAt();
    const asked = ask();
    clock.at = 900;
    memory.answered(key, first, asked);
    expect(memory.recall(key)).toMatchObject({ isFresh: true });
    clock.at = 1_000;
    expect(memory.recall(key)).toMatchObject({ digest: a, isFresh: false });
  });

  test("is fresh no more when something may have been missed, until the ledger was asked again", () => {
    const { clock, memory, ask } = memoryAt();
    const before = ask();
    memory.answered(key, first, ask());
    memory.missed();
    expect(memory.recall(key)).toMatchObject({ digest: a, isFresh: false });
    memory.answered(key, first, before);
    expect(memory.recall(key)).toMatchObject({ isFresh: false });
    clock.at = 1;
    memory.answered(key, first, ask());
    expect(memory.recall(key)).toMatchObject({ isFresh: true });
  });

  test("of drifted tags is the ledger's digest and the registry's, until they have drifted no longer", () => {
    const { memory } = memoryAt();
    memory.drifted([{ ...key, digest: a, found: b }], true);
    expect(memory.recall(key)).toMatchObject({ kind: "means", digest: a, drift: b });
    expect(memory.recall(other)).toEqual({ kind: "nothing" });
    memory.told(key, second);
    expect(memory.recall(key)).toMatchObject({ digest: b, drift: null });
    memory.drifted([], true);
    expect(memory.recall(other)).toEqual({ kind: "nothing" });
  });

  test("says of unknown tags that they are doubtful while more have drifted than are kept", () => {
    const { memory, ask } = memoryAt();
    memory.answered(key, first, ask());
    memory.drifted([], false);
    expect(memory.recall(key)).toMatchObject({ kind: "means", digest: a });
    expect(memory.recall(other)).toEqual({ kind: "doubtful" });
  });

  test("keeps the newest of more tombstones than there is room for", () => {
    const { memory } = memoryAt();
    const many = Array.from({ length: 60_000 }, (_one, i) => ({
      ...key,
      tag: parseTag(`v${i}`),
      at: "",
      revision: 2,
    }));
    memory.deleted(many);
    expect(memory.recall({ ...key, tag: parseTag("v0") })).toMatchObject({ kind: "deleted" });
    expect(memory.recall({ ...key, tag: parseTag("v59999") })).toEqual({ kind: "nothing" });
  });
});

describe("an older answer", () => {
  test("never counts after a newer one, in whatever order the two were asked for", () => {
    for (const [slow, quick] of [
      [first, second],
      [{ kind: "deleted", revision: 2 }, means(a, 3)],
      [first, { kind: "deleted", revision: 2 }],
    ] as [FinalWord, FinalWord][]) {
      const { memory, ask } = memoryAt();
      const asked = ask();
      memory.answered(key, quick, ask());
      memory.answered(key, slow, asked);
      expect(memory.recall(key)).toMatchObject({ kind: quick.kind });
      memory.answered(key, quick, asked);
      expect(memory.recall(key)).toMatchObject({ kind: quick.kind });
    }
  });

  test("does not end what was told since it was asked for", () => {
    const { memory, ask } = memoryAt();
    const asked = ask();
    memory.told(key, second);
    memory.answered(key, first, asked);
    memory.answered(key, null, asked);
    expect(memory.recall(key)).toMatchObject({ digest: b, isFresh: false });
  });

  test("ends what was told since it was asked for where the ledger says more than that", () => {
    const { memory, ask } = memoryAt();
    const asked = ask();
    memory.told(key, first);
    memory.answered(key, second, asked);
    expect(memory.recall(key)).toMatchObject({ digest: b, isFresh: true });
  });

  test("does not end a doubt that came since it was asked for", () => {
    const { memory, ask } = memoryAt();
    memory.answered(key, first, ask());
    const asked = ask();
    expect(memory.told(key, { kind: "unsure" })).toBe(true);
    memory.answered(key, first, asked);
    expect(memory.recall(key)).toEqual({ kind: "doubtful" });
    memory.answered(key, first, ask());
    expect(memory.recall(key)).toMatchObject({ digest: a });
  });

  test("counts when it was asked for after all that: then the ledger is one that was restored", () => {
    const { memory, ask } = memoryAt();
    memory.answered(key, second, ask());
    memory.answered(key, first, ask());
    expect(memory.recall(key)).toMatchObject({ digest: a, isFresh: true });
  });
});

describe("what is told of a tag", () => {
  test("counts when it is newer, also of a tag that nobody asked for; the ledger is asked before it is fresh", () => {
    const { memory, ask } = memoryAt();
    memory.told(key, second);
    expect(memory.recall(key)).toMatchObject({ digest: b, isFresh: false });
    memory.told(key, first);
    expect(memory.recall(key)).toMatchObject({ digest: b });
    memory.answered(key, second, ask());
    memory.told(key, { kind: "deleted", revision: 3 });
    expect(memory.recall(key)).toEqual({ kind: "deleted", isFresh: false });
  });

  test("changes nothing when it is what is remembered, or says that nothing has changed", () => {
    const { memory, ask } = memoryAt();
    memory.answered(key, second, ask());
    expect(memory.told(key, second)).toBe(false);
    expect(memory.told(key, { kind: "unchanged" })).toBe(false);
    expect(memory.recall(key)).toMatchObject({ digest: b, isFresh: true });
  });

  test("changes nothing of a deleted tag when it says once more that it is", () => {
    const { memory, ask } = memoryAt();
    const deleted = { kind: "deleted", revision: 2 } as const;
    memory.answered(key, deleted, ask());
    expect(memory.told(key, deleted)).toBe(false);
    expect(memory.recall(key)).toEqual({ kind: "deleted", isFresh: true });
    expect(memory.told(key, means(b, 2))).toBe(true);
  });

  test("puts it in doubt where it differs and is of the same revision", () => {
    const { memory, ask } = memoryAt();
    memory.answered(key, second, ask());
    expect(memory.told(key, means(c, 2))).toBe(true);
    expect(memory.recall(key)).toEqual({ kind: "doubtful" });
  });

  test("leaves nothing in doubt of which nothing is remembered", () => {
    const { memory } = memoryAt();
    expect(memory.told(key, { kind: "unsure" })).toBe(false);
    expect(memory.recall(key)).toEqual({ kind: "nothing" });
  });
});
