import { describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import type { RecordedEntry } from "#audit-log/recorded-entry.js";
import { tagDecisionIn } from "#gateway/api/tag-decision.js";

const [ONE, TWO] = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`);
const AT = "2026-11-20T12:00:00.000Z";
const entry = (change: Partial<RecordedEntry>): RecordedEntry =>
  ({
    ...{
      at: AT,
      action: "tag.pushed",
      actor: { ...SYSTEM, uid: "alice" },
      repository: "alpha/app",
    },
    ...{ tag: "1.0", digest: ONE, reason: "stored by the registry", detail: { change: "new" } },
    ...change,
  }) as RecordedEntry;
const what = { repository: "alpha/app", tag: "1.0" };
const stateOf = (change: Partial<RecordedEntry>) => {
  const decision = tagDecisionIn(entry(change));
  return typeof decision === "object" && decision.asked.to === "push"
    ? decision.asked.state
    : "none";
};
const by = { by: "alice", at: new Date(AT) };

describe("what can be asked again of a tag on record", () => {
  test("is whether it may be deleted", () => {
    expect(tagDecisionIn(entry({ action: "tag.deleted", digest: null }))).toEqual({
      ...{ ...what, asked: { to: "delete" } },
    });
  });

  test("is whether it may be pushed, with a source or without one", () => {
    const push = { to: "push", digest: ONE, state: { kind: "free" } };
    expect(tagDecisionIn(entry({}))).toEqual({ ...what, asked: { ...push, hasSource: false } });
    for (const [scmSource, hasSource] of [
      [{ url: "git:x" }, true],
      [null, false],
    ] as const)
      expect(tagDecisionIn(entry({ detail: { change: "new", scmSource } }))).toEqual({
        ...{ ...what, asked: { ...push, hasSource } },
      });
  });

  test.each<[Partial<RecordedEntry>]>([
    [{ repository: null }],
    [{ tag: null }],
    [{ repository: "Alpha/app" }],
    [{ digest: null }],
    [{ digest: "sha256:short" }],
  ])("is not where it is not told what was pushed: %j", (change) => {
    expect(tagDecisionIn(entry(change))).toBe("what was pushed");
  });
});

describe("what a tag was before a push", () => {
  test.each<[detail: object, state: unknown]>([
    [{ change: "new" }, { kind: "free" }],
    [
      { change: "moved", previous: TWO },
      { kind: "held", locked: false, digest: TWO, ...by },
    ],
    [{ change: "restored" }, { kind: "deleted", locked: false, digest: ONE, ...by }],
    [{ change: "named" }, { kind: "held", locked: false, digest: ONE, ...by }],
    [{ change: "moved" }, null],
    [{ change: "moved", previous: "sha256:short" }, null],
    [{ change: "moved", previous: 1 }, null],
    [{}, null],
  ])("is told by %j", (detail, state) => {
    expect(stateOf({ detail: detail as RecordedEntry["detail"] })).toEqual(state);
  });

  test.each<[reason: string, kind: string, locked: boolean]>([
    ["tag-held", "held", false],
    ["tag-deleted", "deleted", false],
    ["tag-locked", "held", true],
    ["tag-would-shrink", "held", false],
    ["tag-grew-meanwhile", "held", false],
    ["tag-cannot-compare", "held", false],
  ])("is told by its refusal: %s", (reason, kind, locked) => {
    const refusal = { action: "tag.refused", reason, detail: { held: TWO } } as const;
    expect(stateOf(refusal)).toEqual({ kind, locked, digest: TWO, ...by });
    expect(stateOf({ ...refusal, detail: {} })).toBeNull();
  });

  test("is not told by a refusal for another reason than what stood there", () => {
    expect(stateOf({ action: "tag.refused", reason: "tag-forbidden", detail: { held: TWO } })).toBeNull(); // prettier-ignore
  });
});
