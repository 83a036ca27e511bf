import { describe, expect, test } from "@jest/globals";
import { operator } from "#audit-log/operator.js";

const as = (account: string, by: string | undefined, SUDO_USER?: string) =>
  operator(by, SUDO_USER === undefined ? {} : { SUDO_USER }, { account, host: "h1" });

describe("who runs a command", () => {
  test("is who says so, else who has become another by sudo, else whose account it is", () => {
    expect(as("root", "olga", "piet").uid).toBe("olga");
    expect(as("root", undefined, "piet").uid).toBe("piet");
    expect(as("olga", undefined).uid).toBe("olga");
  });

  test("is told beside the account that the command runs as, which nobody chooses", () => {
    expect(as("root", "olga")).toEqual({
      ...{ uid: "olga", realm: "", kind: "command", address: "h1" },
      ...{ userAgent: "run as root", requestId: "" },
    });
  });

  test.each(["root", "node", "nobody", "wharfinger"])(
    "has to be said where the account is nobody's in particular: %s",
    (account) => {
      expect(() => as(account, undefined)).toThrow(
        `--by: wanted the name of whoever does this, for the audit log; the account ${account} is`,
      );
      expect(() => as(account, "root")).toThrow("--by: wanted the name");
      expect(() => as(account, undefined, "root")).toThrow("--by: wanted the name");
    },
  );

  test.each([
    ["a line of its own", "olga\nroot"],
    ["what shows nothing", "ol\u200bga"],
    ["a letter that looks like another", "оlga"],
    ["what turns the direction", "\u202eaglo"],
    ["nothing", ""],
    ["more than a name", "x".repeat(101)],
  ])("has no name with %s", (_what, by) => {
    expect(() => as("olga", by)).toThrow("--by: wanted a name");
    expect(as("piet", undefined, by).uid).toBe("piet");
  });
});
