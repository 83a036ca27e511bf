import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { View } from "#access-policy/view.js";
import { unpackView } from "#gateway/proxy/unpack-view.js";
import { packView } from "#token-server/token/pack-view.js";

const VIEW: View = {
  rules: ["-**/secret", "+${team}/**"],
  values: { team: ["alpha"] },
  limits: null,
};
const packed = (value: unknown) => deflateRawSync(JSON.stringify(value)).toString("base64url");

describe("a view that a token carries", () => {
  test("is read as it is, and packed, also as the token server packs a long one", () => {
    expect(unpackView(VIEW)).toEqual(VIEW);
    expect(unpackView(packed(VIEW))).toEqual(VIEW);
    const long = { ...VIEW, values: { team: Array.from({ length: 500 }, (_, i) => `team-${i}`) } };
    const text = packView(long);
    expect(typeof text).toBe("string");
    expect(unpackView(text)).toEqual(long);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["no rules", { ...VIEW, rules: undefined }],
    ["a rule that neither allows nor denies", { ...VIEW, rules: ["**"] }],
    ["a rule that no repository could be held against", { ...VIEW, rules: ["+${team"] }],
    ["limits that are no patterns", { ...VIEW, limits: ["{"] }],
    ["values that are no lists", { ...VIEW, values: { team: "alpha" } }],
    ["a text that is not deflated", "alpha"],
    ["deflated text that is no JSON", deflateRawSync("alpha").toString("base64url")],
    ["deflated JSON that is no view", packed(["+**"])],
    ["more than is read", packed({ ...VIEW, rules: [`+${"a".repeat(1024 * 1024)}`] })],
  ])("is none: %s", (_what, value) => {
    expect(unpackView(value)).toBeNull();
  });
});
