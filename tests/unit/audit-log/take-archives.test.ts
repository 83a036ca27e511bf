import { describe, expect, test } from "@jest/globals";
import { takeArchives } from "#audit-log/commands/take-archives.js";

describe("the folder of archives", () => {
  test.each([
    [["--archives", "/a", "list"], ["list"]],
    [["list", "--archives", "/a"], ["list"]],
    [
      ["list", "--archives=/a", "--csv"],
      ["list", "--csv"],
    ],
  ])("is taken out of the arguments: %j", (argv, rest) => {
    expect(takeArchives(argv)).toEqual({ archives: "/a", rest });
  });

  test("is none where none is named", () => {
    expect(takeArchives(["list", "--since", "x"])).toEqual({
      ...{ archives: null, rest: ["list", "--since", "x"] },
    });
  });

  test.each([
    [["list", "--archives"]],
    [["list", "--archives="]],
    [["list", "--archives", ""]],
    [["list", "--archives", "--csv"]],
  ])("has to be named: %j", (argv) => {
    expect(() => takeArchives(argv)).toThrow("--archives: wanted a folder");
  });
});
