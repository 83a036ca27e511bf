import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FAULTS } from "#registry-protocol/fault-catalogue.js";
import { MOST_REASON_CHARACTERS, reasonPhrase } from "#service-kit/http/status-line.js";

describe("the reason in a status line", () => {
  test.each(Object.entries(FAULTS))(
    "of %s is that of the catalogue, whole",
    (_code, { status, message }) => {
      const reason = reasonPhrase(status, message);
      expect(reason).toMatch(/^[A-Z][A-Za-z -]+: /);
      expect(reason.endsWith(`: ${message}`)).toBe(true);
    },
  );

  test("begins with the usual one", () => {
    expect(reasonPhrase(409, "tag already exists")).toBe("Conflict: tag already exists");
  });

  // RFC 9112 section 4: `reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )`.
  test("is one line of ASCII, at most 120 characters, whatever it is made of", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 599 }),
        fc.string({ unit: "binary" }),
        (status, text) => {
          const reason = reasonPhrase(status, text.repeat(30));
          expect(reason).toMatch(/^[\x20-\x7e]+$/);
          expect(reason.length).toBeLessThanOrEqual(MOST_REASON_CHARACTERS);
        },
      ),
    );
    expect(reasonPhrase(409, "a\r\nSet-Cookie: b=c")).toBe("Conflict: a??Set-Cookie: b=c");
  });
});
