import { describe, expect, test } from "@jest/globals";
import { isNewer } from "#gateway/latest/newest-tag.js";
import { digestOf } from "#registry-protocol/digest.js";
import { annotatedCreation, createdOf } from "#registry-protocol/manifest/created.js";
import { parseTag } from "#registry-protocol/tag.js";
import { inSlices } from "#service-kit/in-slices.js";

const DIGEST = digestOf(Buffer.from(""));
const dated = (tag: string, time: string | null) => ({
  tag: parseTag(tag),
  digest: DIGEST,
  createdAt: time === null ? null : new Date(time),
});

describe("when an image was made", () => {
  test.each([
    ['{"created":"2026-08-01T12:00:00Z"}', "2026-08-01T12:00:00.000Z"],
    ['{"created":"2026-08-01T12:00:00.123456789+02:00","os":"linux"}', "2026-08-01T10:00:00.123Z"],
    ['{"created":"0001-01-01T00:00:00Z"}', "0001-01-01T00:00:00.000Z"],
    ['{"created":"2026-08-01"}', undefined],
    ['{"created":"2026-13-01T12:00:00Z"}', undefined],
    ['{"created":5}', undefined],
    ['{"created":null}', undefined],
    ['{"created":"2026-08-01T12:00:00Z","created":"2027-08-01T12:00:00Z"}', undefined],
    ['{"Created":"2026-08-01T12:00:00Z"}', undefined],
    ["{}", undefined],
    ["[]", undefined],
    ['"2026-08-01T12:00:00Z"', undefined],
    ["nonsense", undefined],
  ])("is what its configuration says: %s", async (text, time) => {
    expect((await inSlices(createdOf(Buffer.from(text))))?.toISOString()).toBe(time);
  });

  test("is what annotations say", () => {
    const said = (text: string) =>
      annotatedCreation(new Map([["org.opencontainers.image.created", text]]))?.toISOString();
    expect(said("2026-08-01T12:00:00Z")).toBe("2026-08-01T12:00:00.000Z");
    expect(said("yesterday")).toBeUndefined();
    expect(annotatedCreation(new Map())).toBeNull();
  });
});

describe("of two tags", () => {
  test.each([
    ["the one that was made later", dated("1.0", "2026-01-02"), dated("2.0", "2026-01-01")],
    ["the one that says when it was made", dated("1.0", "1970-01-01"), dated("2.0", null)],
    ["the one with the higher number", dated("10.0", "2026-01-01"), dated("9.0", "2026-01-01")],
    ["the one with the higher number, without a date", dated("v10", null), dated("v9", null)],
  ])("the newer one is %s", (_what, newer, older) => {
    expect([isNewer(newer, older), isNewer(older, newer)]).toEqual([true, false]);
  });
});
