import { describe, expect, test } from "@jest/globals";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { decideTagWrite, type TagState } from "#tag-policy/decide-tag-write.js";
import type { Mutability } from "#tag-policy/tag-rule.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";

const OURS = digestOf(Buffer.from("ours"));
const THEIRS = digestOf(Buffer.from("theirs"));
const AT = new Date("2026-11-20T12:00:00Z");
const ours = { digest: OURS, by: "alice", at: AT, locked: false };
const theirs = { digest: THEIRS, by: "bob", at: AT, locked: false };
const HELD_OURS: TagState = { kind: "held", ...ours };
const HELD_THEIRS: TagState = { kind: "held", ...theirs };

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
    const rule = PIER_ONE_TAGS.ruleFor(parseRepositoryName("alpha/app"), parseTag(tag));
    expect(rule.mutability).toBe(wanted);
  });

  const cases: readonly (readonly [what: string, TagState, Mutability, wanted: object])[] = [
    ["a free tag is tried again", { kind: "free" }, "immutable", { outcome: "retry" }],
    ["a reserved tag is waited for", { kind: "reserved" }, "immutable", { outcome: "wait" }],
    ["a reserved mutable tag is waited for", { kind: "reserved" }, "mutable", { outcome: "wait" }],
    [
      "the push of a lost gateway is settled first",
      { kind: "expired" },
      "immutable",
      { outcome: "recover" },
    ],
    [
      "the push of a lost gateway is settled first for a mutable tag too",
      { kind: "expired" },
      "mutable",
      { outcome: "recover" },
    ],
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
    [
      "a locked tag with another digest is refused although the rule is mutable",
      { kind: "held", ...theirs, locked: true },
      "mutable",
      { outcome: "refuse", reason: "tag-locked" },
    ],
    [
      "a locked tag with the same digest is a repeat",
      { kind: "held", ...ours, locked: true },
      "mutable",
      { outcome: "repeat" },
    ],
    [
      "a deleted tag with the same digest is tried again",
      { kind: "deleted", ...ours },
      "immutable",
      { outcome: "retry" },
    ],
    [
      "a deleted tag with another digest is refused, naming what it was",
      { kind: "deleted", ...theirs },
      "immutable",
      {
        outcome: "refuse",
        reason: "tag-deleted",
        held: { digest: THEIRS, by: "bob", at: AT },
      },
    ],
    [
      "a deleted mutable tag is tried again",
      { kind: "deleted", ...theirs },
      "mutable",
      { outcome: "retry" },
    ],
  ];

  test.each(cases)("%s", (_what, state, mutability, wanted) => {
    expect(decideTagWrite(state, OURS, mutability)).toMatchObject(wanted);
  });
});
