import { describe, expect, test } from "@jest/globals";
import { describeError } from "#service-kit/describe-error.js";

const SECRET = "grant_type=password&password=hunter2";

describe("what a log line holds of an error", () => {
  test("is its type, message, code and stack, and nothing else that it carries", () => {
    const error = Object.assign(new TypeError("request aborted"), {
      code: "ECONNABORTED",
      body: SECRET,
      detail: { row: SECRET },
    });
    const described = describeError(error);
    expect(described).toMatchObject({
      type: "TypeError",
      message: "request aborted",
      code: "ECONNABORTED",
    });
    expect(described.stack).toMatch(/^ {4}at /);
    expect(JSON.stringify(described)).not.toContain("hunter2");
  });

  test("is the same of its causes, and of no more than some", () => {
    const cause = Object.assign(new Error("inner"), { body: SECRET });
    const described = describeError(new Error("outer", { cause }));
    expect(described.cause).toMatchObject({ type: "Error", message: "inner" });
    expect(JSON.stringify(described)).not.toContain("hunter2");
    const endless: Error & { cause?: unknown } = new Error("round and round");
    endless.cause = endless;
    expect(JSON.stringify(describeError(endless)).match(/round/g)).toHaveLength(12);
  });

  test("is bounded, and nothing of what is no error", () => {
    expect(describeError(new Error("x".repeat(100_000))).message).toHaveLength(1_000);
    expect(JSON.stringify(describeError(new Error("x".repeat(100_000)))).length).toBeLessThan(
      6_000,
    );
    expect(describeError(SECRET)).toEqual({
      type: "string",
      message: "what was thrown is no error",
    });
  });
});
