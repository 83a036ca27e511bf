import { describe, expect, test } from "@jest/globals";
import { eventFilter, type FilterSpec } from "#gateway/sinks/filter.js";
import type { NewEvent } from "#gateway/events/event.js";
import { eventWith } from "#tests/support/events.js";

const PUSHES = { actions: ["push"] } as const;

describe("a filter", () => {
  test.each<[title: string, spec: Omit<FilterSpec, "actions">, event: Partial<NewEvent>, boolean]>([
    ["nothing but actions lets every repository through", {}, { repository: "x" }, true],
    ["a namespace is what is below it", { namespaces: ["alpha"] }, {}, true],
    [
      "a namespace is also deep below",
      { namespaces: ["alpha"] },
      { repository: "alpha/a/b" },
      true,
    ],
    ["a namespace is its own name", { namespaces: ["alpha"] }, { repository: "alpha" }, true],
    ["a namespace is no prefix", { namespaces: ["alpha"] }, { repository: "alpha2/app" }, false],
    ["a namespace can be a glob", { namespaces: ["al*"] }, { repository: "alpha2/app" }, true],
    ["a repository is one repository", { repositories: ["alpha/app"] }, {}, true],
    [
      "a repository is not what is below",
      { repositories: ["alpha/app"] },
      { repository: "alpha/app/x" },
      false,
    ],
    [
      "either repositories or namespaces do",
      { repositories: ["beta/x"], namespaces: ["alpha"] },
      {},
      true,
    ],
    ["a tag fits a glob", { tags: ["1.*", "v*"] }, {}, true],
    ["a tag fits none", { tags: ["2.*", "v*"] }, {}, false],
    ["no tag fits no pattern, not even *", { tags: ["*"] }, { tag: null }, false],
    ["no tag does without patterns", {}, { tag: null }, true],
    ["repository and tag have to fit", { namespaces: ["beta"], tags: ["1.*"] }, {}, false],
  ])("%s", (_title, spec, event, passes) => {
    expect(eventFilter({ ...PUSHES, ...spec })(eventWith(event))).toBe(passes);
  });

  test("lets through the actions that it names and no other", () => {
    const filter = eventFilter({ actions: ["push", "drift"] });
    const passes = (["push", "delete", "lock", "refused", "drift", "pull"] as const).filter(
      (action) => filter(eventWith({ action })),
    );
    expect(passes).toEqual(["push", "drift"]);
  });
});
