import { describe, expect, test } from "@jest/globals";
import {
  enumerate,
  noun,
  refusalSentence,
  refusalSummary,
  verb,
} from "#access-policy/sentences.js";

const REASON = "bob is not in team alpha";

describe("refused access in words", () => {
  test.each([
    ["repository", "alpha/sk", "delete", "may not delete alpha/sk"],
    ["repository", "beta/private", "pull", "may not pull from beta/private"],
    ["repository", "alpha/app", "push", "may not push to alpha/app"],
    ["repository", "alpha/app", "*", "may not do everything in alpha/app"],
    ["repository", "registry.example:5000/alpha/app", "push", /to registry\.example:5000\/alpha/],
    ["registry", "catalog", "*", "may not list the catalog"],
    ["registry", "administration", "*", "may not administer the registry"],
  ])("%s %s, %s", (type, name, action, sentence) => {
    const said = refusalSentence({ type, name, action, reason: REASON });
    expect(said).toMatch(sentence);
    expect(said).toMatch(new RegExp(`: ${REASON}$`));
  });

  test.each([
    ["repository", "alpha/app", "push", "may not push to this repository"],
    ["repository", "alpha/app", "pull", "may not pull from this repository"],
    ["repository", "alpha/app", "delete", "may not delete this repository"],
    ["registry", "catalog", "*", "may not list the catalog"],
    ["registry", "administration", "*", "may not administer the registry"],
  ])("names nothing in a status line: %s %s, %s", (type, name, action, said) => {
    expect(refusalSummary({ type, name, action })).toBe(said);
  });
});

test("every action has a noun and a verb", () => {
  const actions = ["pull", "push", "delete", "manage", "catalog"] as const;
  expect(actions.map((action) => `${verb(action)} / ${noun(action, "a/b")}`)).toEqual([
    "pull / pull from a/b",
    "push / push to a/b",
    "delete / deletion in a/b",
    "manage robots / managing robots of a/b",
    "list the catalog / listing the catalog",
  ]);
  expect(noun("pull, push", "a/**")).toBe("pull, push in a/**");
});

test.each([
  [[], ""],
  [["pull"], "pull"],
  [["pull", "push"], "pull and push"],
  [["pull", "push", "delete"], "pull, push and delete"],
])("what may be done is listed as one says it: %j", (actions, said) => {
  expect(enumerate(actions)).toBe(said);
});
