import { describe, expect, test } from "@jest/globals";
import { loadTagPolicy, openTagPolicy } from "#gateway/config/tag-policy-file.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";

const APP = parseRepositoryName("alpha/app");
const DEV = parseTag("dev");
const RULE = "rules:\n  - id: a\n";

describe("a tag policy file", () => {
  test.each<[title: string, text: string, fault: string]>([
    ["no YAML", "rules: [", "tags.yaml:1: "],
    ["nothing", "", "tags.yaml:1: Invalid input"],
    [
      "an unknown key",
      `${RULE}    effect: mutable\n    tag: x\n`,
      'tags.yaml:2: rules.0: Unrecognized key: "tag"',
    ],
    [
      "an unknown effect",
      `${RULE}    effect: soft\n`,
      "tags.yaml:3: rules.0.effect: Invalid option",
    ],
    [
      "no effect at all",
      RULE,
      "tags.yaml:2: rules.0: wants exactly one of effect, latest, signatures and scmSource",
    ],
    [
      "two effects",
      `${RULE}    effect: mutable\n    latest: plain\n`,
      "tags.yaml:2: rules.0: wants exactly one",
    ],
    [
      "tags of a rule about latest",
      `${RULE}    latest: plain\n    tags: [x]\n`,
      "tags.yaml:4: rules.0.tags: belongs to a rule with an effect",
    ],
    [
      "an id that is too long",
      `rules:\n  - id: ${"a".repeat(33)}\n    effect: mutable\n`,
      "tags.yaml:2: rules.0.id: wants a-z, 0-9 and -, at most 32",
    ],
    [
      "an id twice",
      `${RULE}    effect: mutable\n  - id: a\n    effect: mutable\n`,
      'tags.yaml:4: rules.1.id: "a" is there already',
    ],
    [
      "a tag pattern with a slash",
      `${RULE}    effect: mutable\n    tags: [a/b]\n`,
      'tags.yaml:4: rules.0.tags.0: "a/b" can match no tag',
    ],
    [
      "a negation",
      `${RULE}    effect: mutable\n    tags: ["!a"]\n`,
      'tags.yaml:4: rules.0.tags.0: "!a" can match no tag',
    ],
    [
      "a regular expression",
      `${RULE}    effect: mutable\n    tags: ["v(1|2)+"]\n`,
      "can match no tag",
    ],
    ["two stars", `${RULE}    effect: mutable\n    tags: ["**"]\n`, "one * is enough"],
    ["too many stars", `${RULE}    effect: mutable\n    tags: ["*a*b*c*"]\n`, "at most 3 stars"],
    ["open braces", `${RULE}    effect: mutable\n    tags: ["{a,b"]\n`, "braces hold alternatives"],
    ["a range", `${RULE}    effect: mutable\n    tags: ["{1..9}"]\n`, "braces hold alternatives"],
    [
      "a bad repository",
      `${RULE}    effect: mutable\n    repositories: [Alpha]\n`,
      "tags.yaml:4: rules.0.repositories.0: ",
    ],
    [
      "a template",
      `${RULE}    effect: mutable\n    repositories: ["\${team}/**"]\n`,
      "templates such as ${team} mean nothing here",
    ],
    [
      "a namespace with a slash",
      `${RULE}    effect: mutable\n    namespaces: [a/b]\n`,
      "a namespace is one path component",
    ],
    ["an empty list", `${RULE}    effect: mutable\n    tags: []\n`, "tags.yaml:4: rules.0.tags: "],
    [
      "a message of a rule about sources",
      `${RULE}    scmSource: required\n    message: no\n`,
      "tags.yaml:4: rules.0.message: belongs to a rule with an effect",
    ],
    [
      "deletion in a rule about sources",
      `${RULE}    scmSource: required\n    deletable: true\n`,
      "rules.0.deletable: a rule about scmSource cannot say this",
    ],
    ["an alias that leads nowhere", "rules: [*nope]\n", "tags.yaml"],
  ])("is refused with file and line: %s", (_title, text, fault) => {
    expect(() => loadTagPolicy("tags.yaml", text)).toThrow(fault);
  });

  test("tells all its faults at once", () => {
    const text = `${RULE}    effect: soft\n  - id: B\n    effect: mutable\n`;
    expect(() => loadTagPolicy("tags.yaml", text)).toThrow(/yaml:3: .*\n.*yaml:4: /);
  });

  test("without rules makes everything immutable", () => {
    expect(loadTagPolicy("tags.yaml", "rules: []\n").ruleFor(APP, DEV).mutability).toBe(
      "immutable",
    );
  });

  test("is followed; a broken one keeps the rules before it; a change is on record first", async () => {
    let text = `${RULE}    effect: mutable\n`;
    const recorded: string[] = [];
    const refused: unknown[] = [];
    let look = () => Promise.resolve();
    const file = await openTagPolicy("tags.yaml", {
      log: { info: () => undefined, error: (line: unknown) => refused.push(line) } as never,
      record: ({ sha256 }) => {
        recorded.push(sha256);
        return Promise.resolve();
      },
      readText: () => Promise.resolve(text),
      every: (_milliseconds, run) => {
        look = run;
        return () => undefined;
      },
    });
    const mutability = () => file.policy.ruleFor(APP, DEV).mutability;
    expect(mutability()).toBe("mutable");
    text = "rules: [";
    await look();
    await look();
    expect(mutability()).toBe("mutable");
    expect(refused).toHaveLength(1);
    text = `${RULE}    effect: forbidden\n`;
    await look();
    expect(mutability()).toBe("mutable");
    await look();
    expect(mutability()).toBe("forbidden");
    expect(recorded).toEqual([file.version().sha256]);
  });
});
