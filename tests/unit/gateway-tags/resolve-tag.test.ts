import { describe, expect, test } from "@jest/globals";
import { rememberedTags, type FinalWord } from "#gateway/ledger/remembered-tags.js";
import { tagResolver, type ResolveDeps } from "#gateway/ledger/resolve-tag.js";
import type { SettledNotice } from "#gateway/ledger/settled-notice.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { parseTag } from "#registry-protocol/tag.js";
import { compileTagPolicy, PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";

const repository = parseRepositoryName("alpha/app");
const key = (tag: string) => ({ repository, tag: parseTag(tag) });
const [held, moved, other] = ["held", "moved", "other"].map((text) => digestOf(Buffer.from(text)));
if (held === undefined || moved === undefined || other === undefined) throw new Error("no digests");
const STALE = 1_001;
const WORD = { kind: "means", digest: held, revision: 4, locked: false, isFinal: false } as const;
const AWAY: Error = new Fault("UNAVAILABLE", { message: "the ledger is away" });

/** @returns a resolver whose ledger fails, and whose registry has what is given */
function withoutLedger(
  registry: Digest | null | Error,
  { failure = AWAY, policy = PIER_ONE_TAGS } = {},
) {
  const clock = { now: 0 };
  const remembered = rememberedTags({ now: () => clock.now, freshMilliseconds: 1_000 });
  const said = { ledger: 0, registry: 0, errors: [] as unknown[] };
  const deps = {
    ...{ policy, remembered, db: {}, inheritance: { find: () => Promise.resolve(null) } },
    log: { error: (line: unknown) => said.errors.push(line) },
    ask: () => {
      said.ledger += 1;
      return Promise.reject(failure);
    },
    upstreamDigest: () => {
      said.registry += 1;
      return registry instanceof Error ? Promise.reject(registry) : Promise.resolve(registry);
    },
  } as unknown as ResolveDeps;
  const know = (tag: string, word: FinalWord) => {
    remembered.answered(key(tag), word, remembered.asking());
  };
  const resolver = tagResolver(deps);
  return {
    ...{ remembered, clock, said, know },
    resolve: (of: TagKey) => resolver.resolve(of),
    recall: (of: TagKey) => resolver.recall(of),
    settled: (of: TagKey, notice: SettledNotice) => resolver.settled(of, notice),
  };
}

describe("what the ledger said just now", () => {
  test("is what readers get, and nobody is asked", async () => {
    const { know, resolve, recall, said } = withoutLedger(other);
    know("1.0", WORD);
    know("2.0", { kind: "deleted", revision: 3 });
    expect(await resolve(key("1.0"))).toEqual({ kind: "digest", digest: held });
    expect(recall(key("1.0"))).toBe(held);
    expect(await resolve(key("2.0"))).toEqual({ kind: "nothing" });
    expect(recall(key("2.0"))).toBeNull();
    expect(said).toEqual({ ledger: 0, registry: 0, errors: [] });
  });

  test("is asked for again when it is not of just now, of what was deleted too", async () => {
    const { know, resolve, recall, clock, said } = withoutLedger(held);
    know("1-SNAPSHOT", WORD);
    know("2-SNAPSHOT", { kind: "deleted", revision: 3 });
    clock.now = STALE;
    expect(recall(key("1-SNAPSHOT"))).toBeNull();
    expect(await resolve(key("1-SNAPSHOT"))).toEqual({ kind: "digest", digest: held });
    expect(said.ledger).toBe(1);
    await expect(resolve(key("2-SNAPSHOT"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(said.ledger).toBe(2);
  });

  test("is resolved, and not recalled, where whoever pushed called it by another digest", async () => {
    const { know, resolve, recall } = withoutLedger(other);
    know("1.0", { ...WORD, called: other });
    expect(recall(key("1.0"))).toBeNull();
    expect(await resolve(key("1.0"))).toEqual({ kind: "digest", digest: held, called: other });
  });
});

describe("while the ledger cannot be asked", () => {
  test.each([
    ["what is final", { ...WORD, isFinal: true }],
    ["what is locked", { ...WORD, locked: true }],
  ])("%s is served as it is remembered, whatever the registry has", async (_what, word) => {
    const { know, resolve, clock, said } = withoutLedger(other);
    know("1.0", word);
    clock.now = STALE;
    expect(await resolve(key("1.0"))).toEqual({ kind: "digest", digest: held });
    expect(said).toEqual({ ledger: 1, registry: 0, errors: [] });
  });

  test.each([
    ["may change", "1-SNAPSHOT", WORD],
    ["was final, and may change by the rules of now,", "1-SNAPSHOT", { ...WORD, isFinal: true }],
    ["could change, and is immutable by the rules of now,", "1.0", WORD],
  ])("what %s is served only while the registry has it", async (_what, tag, word) => {
    const same = withoutLedger(held);
    same.know(tag, word);
    same.clock.now = STALE;
    expect(await same.resolve(key(tag))).toEqual({ kind: "digest", digest: held });
    for (const registry of [other, null]) {
      const { know, resolve, clock } = withoutLedger(registry);
      know(tag, word);
      clock.now = STALE;
      await expect(resolve(key(tag))).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("which one counts cannot be told"),
      });
    }
  });

  test("what is known to have drifted is served while the registry has that, and nothing else", async () => {
    const drifted = { ...key("1-SNAPSHOT"), digest: held, found: moved };
    const seen = withoutLedger(moved);
    seen.remembered.drifted([drifted], true);
    expect(await seen.resolve(key("1-SNAPSHOT"))).toEqual({ kind: "digest", digest: held });
    for (const registry of [other, null]) {
      const { remembered, resolve } = withoutLedger(registry);
      remembered.drifted([drifted], true);
      await expect(resolve(key("1-SNAPSHOT"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
  });

  test("a tag of which nothing is remembered means what the registry has, and that is not settled", async () => {
    expect(await withoutLedger(other).resolve(key("1.0"))).toEqual({
      kind: "unsettled",
      digest: other,
    });
    expect(await withoutLedger(null).resolve(key("1.0"))).toEqual({ kind: "nothing" });
  });

  test.each([
    ["deleted", { kind: "deleted", revision: 3 }, "the tag was deleted"],
    ["in doubt", null, "which one counts cannot be told"],
  ] as const)(
    "a tag that is %s is not served from the registry, which is not asked",
    async (_, word, why) => {
      const { know, remembered, resolve, clock, said } = withoutLedger(other);
      know("1.0", word ?? WORD);
      if (word === null) remembered.told(key("1.0"), { kind: "unsure" });
      clock.now = STALE;
      await expect(resolve(key("1.0"))).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining(why),
      });
      expect(said.registry).toBe(0);
    },
  );

  test("virtual latest is what it was, and else cannot be told: the registry has no such tag", async () => {
    const { know, resolve, clock, said } = withoutLedger(other);
    await expect(resolve(key("latest"))).rejects.toBe(AWAY);
    know("latest", WORD);
    clock.now = STALE;
    expect(await resolve(key("latest"))).toEqual({ kind: "digest", digest: held });
    expect(said.registry).toBe(0);
  });

  test("and the registry does not answer, it cannot be told; what the registry cannot read is a verdict", async () => {
    await expect(withoutLedger(new Error("reset")).resolve(key("1.0"))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "the registry is unavailable for the moment, try again",
    });
    const unreadable = new Unreadable("no such thing");
    await expect(withoutLedger(unreadable).resolve(key("1.0"))).rejects.toMatchObject({
      code: "MANIFEST_UNREADABLE",
    });
  });
});

describe("a question to the ledger that fails", () => {
  test("because it is away is no mistake of ours; any other failure is told as one, and reads go on", async () => {
    const away = withoutLedger(other);
    await away.resolve(key("1.0"));
    expect(away.said.errors).toEqual([]);
    const wrong = withoutLedger(other, { failure: new TypeError("no such column") });
    expect(await wrong.resolve(key("1.0"))).toEqual({ kind: "unsettled", digest: other });
    expect(wrong.said.errors).toMatchObject([{ event: "ledger.unreadable" }]);
  });

  test("with a verdict is that verdict, and nothing is served beside it", async () => {
    const { resolve, said } = withoutLedger(other, { failure: new Fault("MANIFEST_UNREADABLE") });
    await expect(resolve(key("1.0"))).rejects.toMatchObject({ code: "MANIFEST_UNREADABLE" });
    expect(said.registry).toBe(0);
  });
});

test("where latest is a tag as others, a push of another tag puts nothing in doubt", async () => {
  const policy = compileTagPolicy([{ id: "plain", latest: "plain" }]);
  const { know, remembered, settled, said } = withoutLedger(held, { policy });
  know("latest", WORD);
  await settled(key("1.0"), { kind: "means", digest: other, revision: 9, locked: false });
  expect(remembered.recall(key("latest"))).toMatchObject({ kind: "means", digest: held });
  expect(said.ledger).toBe(0);
});
