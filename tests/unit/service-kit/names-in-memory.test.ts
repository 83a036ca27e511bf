import { describe, expect, test } from "@jest/globals";
import { namesInMemory } from "#service-kit/hmac.js";

describe("names of what must not stand in memory", () => {
  test("are equal for equal texts alone, and each maker has its own", () => {
    const [one, another] = [namesInMemory(), namesInMemory()];
    expect(one("secret")).toBe(one("secret"));
    expect(one("secret")).not.toBe(one("secret "));
    expect(one("secret")).not.toBe(another("secret"));
    expect(one("secret")).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });
});
