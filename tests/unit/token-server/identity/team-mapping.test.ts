import { describe, expect, test } from "@jest/globals";
import { teamMapping, type TeamMappingOptions } from "#token-server/identity/team-mapping.js";

const teams = (options: TeamMappingOptions) => (groups: readonly string[]) =>
  teamMapping(options)(groups).teams;
const GROUPS = ["registry-alpha", "registry-beta", "Everybody", "alpha", "whatever-gamma"];

describe("groups of somebody else", () => {
  test("are teams as they are, without those that no repository could be named after", () => {
    expect(teams({})(GROUPS)).toEqual([
      "registry-alpha",
      "registry-beta",
      "alpha",
      "whatever-gamma",
    ]);
  });

  test("are teams by their prefix, which is taken off", () => {
    expect(teams({ prefix: "registry-" })(GROUPS)).toEqual(["alpha", "beta"]);
  });

  test("are teams by a pattern that must match the whole of them", () => {
    expect(teams({ pattern: "registry-([a-b].*)" })(GROUPS)).toEqual(["alpha", "beta"]);
    expect(teams({ pattern: "registry-(al)" })(GROUPS)).toEqual([]);
    expect(teams({ pattern: "(a)|registry-beta" })(["xa", "ax"])).toEqual([]);
  });

  test("are teams by a list, in which others are not", () => {
    const map = { Everybody: "shared", "registry-alpha": ["alpha", "base"] };
    expect(teams({ map })([...GROUPS, "constructor", "__proto__"])).toEqual([
      "alpha",
      "base",
      "shared",
    ]);
  });

  test("never bring in a slash or a wildcard", () => {
    const wild = ["registry-*", "registry-**", "registry-a/b", "registry-", "registry-${uid}"];
    expect(teams({ prefix: "registry-" })(wild)).toEqual([]);
  });
});

describe("groups that a directory compares without case", () => {
  const caseless = (options: TeamMappingOptions, ...groups: string[]) =>
    teamMapping(options, "caseless")(groups).teams;

  test.each<[string, TeamMappingOptions, string]>([
    ["by a prefix", { prefix: "registry-" }, "Registry-Alpha"],
    ["by a prefix in capitals", { prefix: "REGISTRY-" }, "registry-alpha"],
    ["by a list", { map: { "dev, payments": "alpha" } }, "Dev, Payments"],
    ["by a list in capitals", { map: { "DEV, PAYMENTS": "alpha" } }, "dev,  payments"],
    ["by a pattern", { pattern: "registry-(.*)" }, "REGISTRY-ALPHA"],
    ["by a pattern in capitals", { pattern: "REG-(ALPHA|BETA)" }, "reg-alpha"],
    ["as they are", {}, "Alpha"],
    ["by a prefix that ends with a space", { prefix: "registry " }, "Registry Alpha"],
    [
      "by a list of letters composed in another way",
      { map: { "mu\u0308ller": "alpha" } },
      "M\u00dcLLER",
    ],
  ])("are teams %s", (_how, options, group) => {
    expect(caseless(options, group)).toEqual(["alpha"]);
  });

  test("count by all lines that are one to the directory", () => {
    expect(caseless({ map: { Dev: "alpha", DEV: ["beta"] } }, "dev")).toEqual(["alpha", "beta"]);
  });

  test("are compared letter by letter where an issuer says them", () => {
    expect(teams({ map: { dev: "alpha" } })(["Dev"])).toEqual([]);
    expect(teams({ prefix: "registry-" })(["Registry-alpha", "registry-Alpha"])).toEqual([]);
  });

  test("and of which no team comes are told as they came", () => {
    const { unmapped } = teamMapping(
      { prefix: "registry-" },
      "caseless",
    )([...["Everybody", "REGISTRY-alpha", "registry-no team"]]);
    expect(unmapped).toEqual(["Everybody", "registry-no team"]);
  });
});
