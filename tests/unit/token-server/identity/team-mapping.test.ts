import { describe, expect, test } from "@jest/globals";
import { teamMapping } from "#token-server/identity/team-mapping.js";

const GROUPS = ["registry-alpha", "registry-beta", "Everybody", "alpha", "whatever-gamma"];

describe("groups of somebody else", () => {
  test("are teams as they are, without those that no repository could be named after", () => {
    expect(teamMapping({})(GROUPS)).toEqual([
      "registry-alpha",
      "registry-beta",
      "alpha",
      "whatever-gamma",
    ]);
  });

  test("are teams by their prefix, which is taken off", () => {
    expect(teamMapping({ prefix: "registry-" })(GROUPS)).toEqual(["alpha", "beta"]);
  });

  test("are teams by a pattern that must match the whole of them", () => {
    expect(teamMapping({ pattern: "registry-([a-b].*)" })(GROUPS)).toEqual(["alpha", "beta"]);
    expect(teamMapping({ pattern: "registry-(al)" })(GROUPS)).toEqual([]);
    expect(teamMapping({ pattern: "(a)|registry-beta" })(["xa", "ax"])).toEqual([]);
  });

  test("are teams by a list, in which others are not", () => {
    const map = { Everybody: "shared", "registry-alpha": ["alpha", "base"] };
    expect(teamMapping({ map })([...GROUPS, "constructor", "__proto__"])).toEqual([
      "alpha",
      "base",
      "shared",
    ]);
  });

  test("never bring in a slash or a wildcard", () => {
    const wild = ["registry-*", "registry-**", "registry-a/b", "registry-", "registry-${uid}"];
    expect(teamMapping({ prefix: "registry-" })(wild)).toEqual([]);
  });
});
