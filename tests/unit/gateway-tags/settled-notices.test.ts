import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { rememberedTags } from "#gateway/ledger/remembered-tags.js";
import { tagResolver, type ResolveDeps } from "#gateway/ledger/resolve-tag.js";
import { formatNotice, parseNotice, type SettledNotice } from "#gateway/ledger/settled-notice.js";
import { settledTags } from "#gateway/ledger/settled-tags.js";
import { SETTLED_CHANNEL, tellSettled } from "#gateway/ledger/sql/settle-tag.js";
import { digestOf } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";

const repository = parseRepositoryName("alpha/app");
const key = { repository, tag: parseTag("1-SNAPSHOT") };
const latest = { repository, tag: parseTag("latest") };
const old = digestOf(Buffer.from("old"));
const recent = digestOf(Buffer.from("recent"));
const moved = { kind: "means", digest: recent, revision: 5, locked: false } as const;

/** @returns a resolver without a ledger, which hears what is told, and what it has in mind */
function deaf() {
  const remembered = rememberedTags({ now: () => 0, freshMilliseconds: 1_000 });
  const asked: string[] = [];
  const db = {
    query: () => {
      asked.push("ledger");
      return Promise.reject(new Fault("UNAVAILABLE"));
    },
  };
  const resolver = tagResolver({
    ...{ db, policy: PIER_ONE_TAGS, remembered },
    ask: <T>(question: () => Promise<T>) => question(),
  } as unknown as ResolveDeps);
  const listeners = new Map<string, (payload: string) => void>();
  const settled = settledTags({ on: (channel, listener) => listeners.set(channel, listener) });
  settled.follow((...told) => void resolver.settled(...told));
  const tell = (channel: string, payload: string) => listeners.get(channel)?.(payload);
  const known = (of = key) => {
    const word = {
      kind: "means",
      digest: old,
      revision: 4,
      locked: false,
      isFinal: false,
    } as const;
    remembered.answered(of, word, remembered.asking());
  };
  return { asked, remembered, settled, tell, hear: { tell }, known };
}

describe("of a tag that was settled while the ledger cannot be asked, what is remembered", () => {
  test("is at once what it means since then", () => {
    const { remembered, hear, known } = deaf();
    known();
    tellSettled(hear, key, moved);
    expect(remembered.recall(key)).toMatchObject({ kind: "means", digest: recent });
    tellSettled(hear, key, { kind: "deleted", revision: 6 });
    expect(remembered.recall(key)).toMatchObject({ kind: "deleted" });
  });

  test("is doubtful when it was not said what it means since then", () => {
    const { remembered, hear, known } = deaf();
    known();
    tellSettled(hear, key, { kind: "unsure" });
    expect(remembered.recall(key)).toEqual({ kind: "doubtful" });
  });

  test("stays when it was given back as it was", () => {
    const { asked, remembered, hear, known } = deaf();
    known();
    tellSettled(hear, key, { kind: "unchanged" });
    expect(remembered.recall(key)).toMatchObject({ kind: "means", digest: old });
    expect(asked).toEqual([]);
  });

  test.each([
    "alpha/app:1-SNAPSHOT@sha256:short@7",
    "alpha/app:1-SNAPSHOT@sometimes@7",
    "alpha/app",
    "Alpha:1@",
    "@",
    "",
  ])("does not change by what is no notice: %j", (payload) => {
    const { asked, remembered, tell, known } = deaf();
    known();
    tell(SETTLED_CHANNEL, payload);
    expect(remembered.recall(key)).toMatchObject({ kind: "means", digest: old });
    expect(asked).toEqual([]);
  });

  test.each([
    ["moved", key, moved],
    ["deleted", key, { kind: "deleted", revision: 2 }],
    ["locked, by the name itself,", latest, { ...moved, locked: true }],
  ] as const)("of virtual latest is doubtful when a tag was %s", (_, of, notice) => {
    const { remembered, hear, known } = deaf();
    known(latest);
    tellSettled(hear, of, notice);
    expect(remembered.recall(latest)).toEqual({ kind: "doubtful" });
  });

  test("of virtual latest stays when a signature was pushed", () => {
    const { remembered, hear, known } = deaf();
    known(latest);
    const signature = parseTag(`${old.replace(":", "-")}.sig`);
    tellSettled(hear, { repository, tag: signature }, moved);
    expect(remembered.recall(latest)).toMatchObject({ kind: "means", digest: old });
  });
});

test.each([moved, { kind: "unchanged" }, { kind: "unsure" }] as const)(
  "who waits for a tag is woken, whatever it means: %j",
  async (notice) => {
    const { settled, hear } = deaf();
    const woken = settled.until(key, 60_000);
    tellSettled(hear, key, notice);
    await woken;
  },
);

test("a notice is read as it was told", () => {
  const revision = fc.maxSafeNat();
  const notices: fc.Arbitrary<SettledNotice> = fc.oneof(
    fc.record({
      kind: fc.constant("means" as const),
      digest: fc.constantFrom(old, recent),
      revision,
      locked: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("deleted" as const), revision }),
    fc.constantFrom({ kind: "unchanged" as const }, { kind: "unsure" as const }),
  );
  fc.assert(
    fc.property(notices, (notice) => {
      expect(parseNotice(formatNotice(key, notice))).toEqual({
        name: "alpha/app:1-SNAPSHOT",
        settled: [key, notice],
      });
    }),
  );
});

test("what a gateway of before told is asked for", () => {
  for (const told of ["alpha/app:1-SNAPSHOT", `alpha/app:1-SNAPSHOT@${recent}`])
    expect(parseNotice(told).settled).toEqual([key, { kind: "unsure" }]);
});
