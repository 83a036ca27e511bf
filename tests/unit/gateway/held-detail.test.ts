import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { heldDetail, shortHeldDetail } from "#gateway/ledger/held-detail.js";
import { digestOf } from "#registry-protocol/digest.js";
import { FAULTS } from "#registry-protocol/fault-catalogue.js";
import { asPierOne, Fault, toFaultReply } from "#registry-protocol/faults.js";

const digest = digestOf(Buffer.from("held"));
const at = new Date("2026-11-20T19:58:06.217Z");
const PREFIX = FAULTS.TAG_HELD.message;
const MESSAGES = [
  PREFIX,
  `${PREFIX}; same images, other index`,
  `${PREFIX}; same images, other annotations`,
  `${PREFIX}; same image, other annotations`,
  `${PREFIX}; same image, other manifest`,
  `${PREFIX}; same content, other key order`,
  `${PREFIX}; same layers, other config`,
  `${PREFIX}; same config, other layers`,
  `${PREFIX}; would lose entries`,
  `${PREFIX}; it may only grow`,
  FAULTS.TAG_DELETED.message,
];

/** They leave no room for time and rule. */
const LONGER = [
  `${PREFIX}; would lose entries: read it again, then push`,
  `${PREFIX}; another referrer was added meanwhile: push again`,
];

/** @returns the first error of the answer, as it stands in the body */
function errorOf(message: string, by: string, rule: string): string {
  const detail = heldDetail(
    { code: FAULTS.TAG_HELD.pierOneWire, message },
    { digest, by, at },
    rule,
  );
  const { body } = toFaultReply(asPierOne(new Fault("TAG_HELD", { message, detail })), "request");
  return JSON.stringify(body.errors[0]);
}

const detailOf = (message: string, by: string, rule: string) =>
  (JSON.parse(errorOf(message, by, rule)) as { detail: unknown }).detail;

describe("what whoever is refused is told", () => {
  test.each(MESSAGES)("names a usual user and rule whole: %s", (message) => {
    expect(detailOf(message, "alice", "immutable")).toEqual({
      digest,
      pushedBy: "alice",
      pushedAt: "2026-11-20T19:58:06.217Z",
      rule: "immutable",
    });
  });

  test("names the rule for signatures whole", () => {
    const message = `${PREFIX}; would lose entries`;
    expect(detailOf(message, "alice", "signatures only grow")).toMatchObject({
      pushedBy: "alice",
      rule: "signatures only grow",
    });
  });

  test.each(MESSAGES)("stays under 256 bytes whatever the names are: %s", (message) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (by, rule) => {
        expect(Buffer.byteLength(errorOf(message, by.repeat(20), rule))).toBeLessThan(256);
        expect(Buffer.byteLength(errorOf(message, by, rule.repeat(20)))).toBeLessThan(256);
      }),
    );
  });

  test.each(LONGER)(
    "says digest and user where the message is long, and stays as short: %s",
    (message) => {
      const short = (by: string) => {
        const detail = shortHeldDetail(
          { code: FAULTS.TAG_HELD.pierOneWire, message },
          { digest, by, at },
        );
        const { body } = toFaultReply(
          asPierOne(new Fault("TAG_HELD", { message, detail })),
          "request",
        );
        return { detail, bytes: Buffer.byteLength(JSON.stringify(body.errors[0])) };
      };
      expect(short("alice").detail).toEqual({ digest, pushedBy: "alice" });
      fc.assert(
        fc.property(fc.string({ unit: "binary" }), (by) => {
          expect(short(by.repeat(20)).bytes).toBeLessThan(256);
        }),
      );
    },
  );

  test("cuts the longer name first, and says so", () => {
    expect(detailOf(PREFIX, "robot-alpha-nightly-builds-of-everything", "immutable")).toMatchObject(
      {
        pushedBy: expect.stringMatching(/^robot-alpha-nightly-builds-.*…$/),
        rule: "immutable",
      },
    );
    expect(detailOf(PREFIX, "alice", "r".repeat(300))).toMatchObject({
      pushedBy: "alice",
      rule: expect.stringMatching(/^r{30,}…$/),
    });
  });

  test("leaves some of the names where a rule's own message takes all the room", () => {
    expect(detailOf(`${PREFIX}; ${"m".repeat(100)}`, "alexandra-the-great", "releases")).toEqual({
      digest,
      pushedBy: "alex…",
      pushedAt: "2026-11-20T19:58:06.217Z",
      rule: "rele…",
    });
  });
});
