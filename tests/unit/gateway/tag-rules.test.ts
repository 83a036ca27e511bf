import { describe, expect, test } from "@jest/globals";
import {
  decideTagWrite,
  mutabilityOf,
  type Mutability,
  type TagState,
} from "#gateway/ledger/tag-rules.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseTag } from "#registry-protocol/tag.js";

const OURS = digestOf(Buffer.from("ours"));
const THEIRS = digestOf(Buffer.from("theirs"));
const AT = new Date("2026-11-20T12:00:00Z");
const HELD_OURS: TagState = { kind: "held", digest: OURS, by: "alice", at: AT };
const HELD_THEIRS: TagState = { kind: "held", digest: THEIRS, by: "bob", at: AT };

describe("tag rules", () => {
  test.each([
    ["1.0", "immutable"],
    ["v1", "immutable"],
    ["SNAPSHOT", "immutable"],
    ["1.0-snapshot", "immutable"],
    ["1.0-SNAPSHOT-2", "immutable"],
    ["Latest", "immutable"],
    ["latest-1", "immutable"],
    ["1.0-SNAPSHOT", "mutable"],
    ["_-SNAPSHOT", "mutable"],
    ["latest", "forbidden"],
  ])("the tag %s is %s", (tag, wanted) => {
    expect(mutabilityOf(parseTag(tag))).toBe(wanted);
  });

  const cases: readonly (readonly [what: string, TagState, Mutability, wanted: object])[] = [
    ["a free tag is tried again", { kind: "free" }, "immutable", { outcome: "retry" }],
    ["a reserved tag is waited for", { kind: "reserved" }, "immutable", { outcome: "wait" }],
    ["a reserved mutable tag is waited for", { kind: "reserved" }, "mutable", { outcome: "wait" }],
    ["a held tag with the same digest is a repeat", HELD_OURS, "immutable", { outcome: "repeat" }],
    [
      "a held tag with another digest is refused, naming its holder",
      HELD_THEIRS,
      "immutable",
      { outcome: "refuse", held: { digest: THEIRS, by: "bob", at: AT } },
    ],
    ["a held mutable tag is tried again", HELD_THEIRS, "mutable", { outcome: "retry" }],
    [
      "a held mutable tag with the same digest is tried again too",
      HELD_OURS,
      "mutable",
      { outcome: "retry" },
    ],
  ];

  test.each(cases)("%s", (_what, state, mutability, wanted) => {
    expect(decideTagWrite(state, OURS, mutability)).toMatchObject(wanted);
  });
});
