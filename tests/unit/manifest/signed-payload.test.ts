import { describe, expect, test } from "@jest/globals";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { signedPayload } from "#registry-protocol/manifest/signed-payload.js";

const PAYLOAD = '{\n   "schemaVersion": 1,\n   "name": "müller"\n}';
const LENGTH = Buffer.byteLength(PAYLOAD) - 2;
const HEADER = { formatLength: LENGTH, formatTail: base64url("\n}") };

describe("what was signed of a manifest of schema 1", () => {
  test("is all before the signatures, and the end, byte for byte", () => {
    expect(payloadOf(signed([signature(HEADER)]))?.toString()).toBe(PAYLOAD);
  });

  test("is what the first of several signatures says", () => {
    const all = [signature(HEADER), signature({ ...HEADER, formatLength: 3 })];
    expect(payloadOf(signed(all))?.toString()).toBe(PAYLOAD);
  });

  test.each([
    ["there are no signatures", Buffer.from(PAYLOAD)],
    ["the list of signatures is empty", signed([])],
    ["a signature is no object", signed([1])],
    ["the header is no text", signed([{ protected: 1 }])],
    ["the header is no object", signed([{ protected: base64url("1") }])],
    ["the length is missing", signed([signature({ formatTail: "" })])],
    ["the end is missing", signed([signature({ formatLength: 3 })])],
    ["it is a list", Buffer.from("[]")],
  ])("cannot be told when %s", (_title, content) => {
    expect(payloadOf(content)).toBeNull();
  });

  test.each([[Buffer.from("{")], [signed([{ protected: base64url("{") }])]])(
    "cannot be told of what is no JSON: %#",
    (content) => {
      expect(() => payloadOf(content)).toThrow();
    },
  );
});

function payloadOf(content: Buffer): Buffer | null {
  return atOnce(signedPayload(content));
}

function signed(signatures: readonly unknown[]): Buffer {
  return Buffer.from(`${PAYLOAD.slice(0, -2)},\n   "signatures": ${JSON.stringify(signatures)}\n}`);
}

function signature(header: object): object {
  return { header: {}, signature: "", protected: base64url(JSON.stringify(header)) };
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
