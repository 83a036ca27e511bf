import { describe, expect, test } from "@jest/globals";
import { challengeHeader } from "#gateway/proxy/challenge.js";

const REALM = { realm: "http://127.0.0.1:8080/token", service: "wharfinger" };

describe("the challenge", () => {
  test("names realm and service", () => {
    expect(challengeHeader(REALM)).toBe(
      'Bearer realm="http://127.0.0.1:8080/token",service="wharfinger"',
    );
  });

  test("names the scope that would do, and what was wrong with the token", () => {
    expect(
      challengeHeader({ ...REALM, scope: "repository:a/b:pull", error: "insufficient_scope" }),
    ).toBe(
      'Bearer realm="http://127.0.0.1:8080/token",service="wharfinger",scope="repository:a/b:pull",error="insufficient_scope"',
    );
  });
});
