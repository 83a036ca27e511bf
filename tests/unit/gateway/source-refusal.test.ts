import { describe, expect, test } from "@jest/globals";
import { sourceRefusal } from "#gateway/ledger/source-refusal.js";

const LONG_RULE = "r".repeat(32);
const bytesOf = (refusal: object) =>
  Buffer.byteLength(JSON.stringify({ code: "DENIED", ...refusal }));

describe("the refusal of an image without a source", () => {
  test.each([
    "not named, and no scm-source.json",
    "layer sha256:0123456789ab…: Unexpected end of data",
  ])("says what to add where nothing is there: %s", (note) => {
    const { message, detail } = sourceRefusal("known-source", note);
    expect(message).toContain("add labels org.opencontainers.image.source and .revision");
    expect(detail).toEqual({ note });
  });

  test.each([
    "scm-source.json: is no JSON",
    "scm-source.json: url: must be a string",
    "scm-source.json: revision: no control characters",
    "scm-source.json was removed in a layer",
  ])("says what is the matter instead: %s", (note) => {
    expect(sourceRefusal(LONG_RULE, note)).toEqual({
      message: `SCM source required by rule ${LONG_RULE}: ${note} (docs/scm-source.md)`,
      detail: { note },
    });
  });

  test("names a layer by the beginning of its digest", () => {
    const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
    const { message } = sourceRefusal("a", `layer ${digest}: scm-source.json is a symlink`);
    expect(message).toContain("layer sha256:0123456789ab…: scm-source.json is a symlink");
  });

  test.each(["x", "…", '"', "\u001b[2J", "\ud800", "🚢"])(
    "stays under 256 bytes and has no control characters, however much of %j the note has",
    (text) => {
      for (let times = 0; times < 300; times += 7) {
        const refusal = sourceRefusal(LONG_RULE, text.repeat(times));
        expect(bytesOf(refusal)).toBeLessThan(256);
        expect(refusal.message + refusal.detail.note).toMatch(/^[^\p{Cc}\p{Cs}]*$/u);
      }
    },
  );
});
