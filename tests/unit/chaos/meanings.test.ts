import { beforeEach, describe, expect, test } from "@jest/globals";
import { meanings, type Meanings } from "#tests/chaos/meanings.js";

const BOUND = 1_000;

let now: number;
let known: Meanings;

beforeEach(() => {
  now = 0;
  known = meanings(BOUND, () => now);
});

function acknowledged(name: string, digest: string | null, sentAt: number, answeredAt: number) {
  now = sentAt;
  const write = known.begin(name, digest);
  now = answeredAt;
  write.acknowledged();
}

function isRight(name: string, digest: string | null, sentAt: number, answeredAt = sentAt) {
  return known.isRight(name, { digest, sentAt, answeredAt });
}

describe("what a reader got is right", () => {
  test("when it is what was acknowledged last, or what was before it within the bound", () => {
    acknowledged("tag", "one", 0, 10);
    acknowledged("tag", "two", 100, 110);
    expect(isRight("tag", "two", 200)).toBe(true);
    expect(isRight("tag", "one", 110 + BOUND)).toBe(true);
    expect(isRight("tag", "one", 110 + BOUND + 1)).toBe(false);
    expect(isRight("tag", null, 1_200)).toBe(false);
    expect(isRight("tag", "three", 200)).toBe(false);
  });

  test("also when the write is under way, and not once it was refused", () => {
    acknowledged("tag", "one", 0, 10);
    now = 5_000;
    const write = known.begin("tag", "two");
    expect(isRight("tag", "two", 4_000, 4_999)).toBe(false);
    expect(isRight("tag", "two", 4_000, 5_000)).toBe(true);
    expect(isRight("tag", "one", 9_000)).toBe(true);
    write.refused();
    expect(isRight("tag", "two", 4_000, 9_000)).toBe(false);
    expect(known.lastOf("tag")).toBe("one");
  });

  test("when a manifest went that the tag still meant for that reader, and not otherwise", () => {
    acknowledged("tag", "one", 0, 10);
    acknowledged("one", "one", 0, 10);
    acknowledged("tag", "two", 100, 110);
    expect(isRight("tag", null, 2_000)).toBe(false);
    acknowledged("one", null, 120, 130);
    expect(isRight("tag", null, 200)).toBe(true);
    expect(isRight("tag", null, 110 + BOUND + 1)).toBe(false);
    acknowledged("tag", null, 2_000, 2_010);
    expect(isRight("tag", null, 2_500)).toBe(true);
    expect(isRight("tag", "two", 2_010 + BOUND + 1)).toBe(false);
  });
});
