import { describe, expect, test } from "@jest/globals";
import { compileTagPolicy, PIER_ONE_TAGS, type TagRuleSpec } from "#tag-policy/tag-policy.js";
import { tagGroundsOf } from "#tag-policy/tag-grounds.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";

const HEX = "0123456789abcdef".repeat(4);
const IMMUTABLE = "immutable by immutable";
const GROWS = "mutable by signatures only grow, grows";

type Row = readonly [title: string, rules: readonly TagRuleSpec[], asked: string, wanted: string];

// prettier-ignore
const PATTERNS: readonly Row[] = [
  ["without rules a tag is immutable", [], "alpha/app:1.0", IMMUTABLE],
  ["a star is anything", [mutable("a", ["*-dev"])], "alpha/app:1.0-dev", "mutable by a"],
  ["a star is nothing, too", [mutable("a", ["dev*"])], "alpha/app:dev", "mutable by a"],
  ["a star crosses dots", [mutable("a", ["v*"])], "alpha/app:v1.2.3", "mutable by a"],
  ["a pattern is about the whole tag", [mutable("a", ["dev"])], "alpha/app:dev-1", IMMUTABLE],
  ["upper and lower case differ", [mutable("a", ["dev-*"])], "alpha/app:Dev-1", IMMUTABLE],
  ["a question mark is one character", [mutable("a", ["v?"])], "alpha/app:v1", "mutable by a"],
  ["a question mark is not none", [mutable("a", ["v?"])], "alpha/app:v", IMMUTABLE],
  ["braces are alternatives", [mutable("a", ["{dev,test}-*"])], "alpha/app:test-1", "mutable by a"],
  ["braces are nothing else", [mutable("a", ["{dev,test}-*"])], "alpha/app:prod-1", IMMUTABLE],
  ["a dot is a dot", [mutable("a", ["1.0"])], "alpha/app:1x0", IMMUTABLE],
  ["several patterns: any of them", [mutable("a", ["dev", "test"])], "alpha/app:test", "mutable by a"],
  ["a leading underscore is matched", [mutable("a", ["*"])], "alpha/app:_x", "mutable by a"],
];

// prettier-ignore
const REPOSITORIES: readonly Row[] = [
  ["a rule without repositories is about all", [{ id: "a", effect: "mutable" }], "x:1", "mutable by a"],
  ["a namespace is everything below it", [{ id: "a", effect: "mutable", namespaces: ["alpha"] }], "alpha/a/b:1", "mutable by a"],
  ["a namespace is the repository of its name", [{ id: "a", effect: "mutable", namespaces: ["alpha"] }], "alpha:1", "mutable by a"],
  ["a namespace is no other", [{ id: "a", effect: "mutable", namespaces: ["alpha"] }], "alphabet/a:1", IMMUTABLE],
  ["two stars are everything below", [{ id: "a", effect: "mutable", repositories: ["alpha/**"] }], "alpha/a/b:1", "mutable by a"],
  ["a star is one component", [{ id: "a", effect: "mutable", repositories: ["alpha/*"] }], "alpha/a/b:1", IMMUTABLE],
  ["two stars in front find a last component", [{ id: "a", effect: "mutable", repositories: ["**/cache"] }], "alpha/app/cache:1", "mutable by a"],
  ["repositories and namespaces: either", [{ id: "a", effect: "mutable", repositories: ["beta/x"], namespaces: ["alpha"] }], "beta/x:1", "mutable by a"],
];

// prettier-ignore
const ORDER: readonly Row[] = [
  ["the first rule that matches decides", [mutable("a", ["v*"]), { id: "b", effect: "forbidden", tags: ["v1"] }], "a/b:v1", "mutable by a"],
  ["a rule about other tags is passed over", [mutable("a", ["x"]), { id: "b", effect: "forbidden", tags: ["v1"] }], "a/b:v1", "forbidden by b"],
  ["a rule about other repositories is passed over", [{ id: "a", effect: "mutable", namespaces: ["z"] }, { id: "b", effect: "forbidden" }], "a/b:v1", "forbidden by b"],
  ["what an immutable rule excepts is mutable", [{ id: "a", effect: "immutable", except: ["dev-*"] }], "a/b:dev-1", "mutable by a"],
  ["what it does not except is immutable", [{ id: "a", effect: "immutable", except: ["dev-*"] }], "a/b:1.0", "immutable by a"],
  ["several exceptions: any of them", [{ id: "a", effect: "immutable", except: ["dev-*", "nightly"] }], "a/b:nightly", "mutable by a"],
  ["an exception is of the rule's own tags alone", [{ id: "a", effect: "immutable", tags: ["v*"], except: ["*-dev"] }], "a/b:1-dev", IMMUTABLE],
  ["what a mutable rule excepts is immutable", [{ id: "a", effect: "mutable", except: ["v*"] }], "a/b:v1", "immutable by a"],
  ["what a forbidding rule excepts goes on to the next", [{ id: "a", effect: "forbidden", except: ["v*"] }, mutable("b", ["v*"])], "a/b:v1", "mutable by b"],
  ["what it does not except is forbidden", [{ id: "a", effect: "forbidden", except: ["v*"] }], "a/b:1", "forbidden by a"],
];

const WANTED = "immutable by immutable, source for s";
const SOURCED: TagRuleSpec = { id: "s", scmSource: "required", namespaces: ["a"] };

// prettier-ignore
const SOURCES: readonly Row[] = [
  ["a source is demanded where a rule says so", [SOURCED], "a/b:1.0", WANTED],
  ["a source is demanded nowhere else", [SOURCED], "b/b:1.0", IMMUTABLE],
  ["the demand stands beside the rule with an effect, whatever their order", [mutable("m", ["*"]), SOURCED], "a/b:1", "mutable by m, source for s"],
  ["the demand can be of some tags", [{ ...SOURCED, tags: ["v*"] }], "a/b:1.0", IMMUTABLE],
  ["what the demand excepts goes on to the next", [{ ...SOURCED, except: ["*-dev"] }, { id: "t", scmSource: "required" }], "a/b:1-dev", "immutable by immutable, source for t"],
  ["the first rule about sources decides", [{ id: "o", scmSource: "optional", repositories: ["a/b"] }, SOURCED], "a/b:1.0", IMMUTABLE],
  ["no source is demanded of signatures", [SOURCED], `a/b:sha256-${HEX}.sig`, GROWS],
  ["a source is demanded of tags like signatures where those are plain", [SOURCED, { id: "p", signatures: "plain" }], `a/b:sha256-${HEX}.sig`, WANTED],
];

// prettier-ignore
const LATEST: readonly Row[] = [
  ["latest is virtual", [], "a/b:latest", "forbidden by latest is virtual"],
  ["latest is virtual, whatever other rules say", [mutable("a", ["*"])], "a/b:latest", "forbidden by latest is virtual"],
  ["plain latest is as any tag", [{ id: "l", latest: "plain" }], "a/b:latest", IMMUTABLE],
  ["plain latest follows the other rules", [{ id: "l", latest: "plain" }, mutable("a", ["latest"])], "a/b:latest", "mutable by a"],
  ["latest is plain where it was said", [{ id: "l", latest: "plain", namespaces: ["a"] }], "b/b:latest", "forbidden by latest is virtual"],
  ["of rules about latest the first that matches decides", [{ id: "l", latest: "virtual", repositories: ["a/b"] }, { id: "m", latest: "plain", namespaces: ["a"] }], "a/b:latest", "forbidden by latest is virtual"],
];

// prettier-ignore
const SIGNATURES: readonly Row[] = [
  ["referrers of a manifest grow", [], `a/b:sha256-${HEX}`, GROWS],
  ["its signatures grow", [], `a/b:sha256-${HEX}.sig`, GROWS],
  ["its attestations grow", [], `a/b:sha256-${HEX}.att`, GROWS],
  ["its bills of material grow", [], `a/b:sha256-${HEX}.sbom`, GROWS],
  ["a longer digest is cut to 64 digits", [], `a/b:sha512-${HEX}`, GROWS],
  ["so is one of sha384", [], `a/b:sha384-${HEX}.sig`, GROWS],
  ["other endings are ordinary", [], `a/b:sha256-${HEX}.sigx`, IMMUTABLE],
  ["other lengths are ordinary", [], `a/b:sha256-${HEX.slice(1)}`, IMMUTABLE],
  ["a rule for all tags does not stop signing", [{ id: "a", effect: "immutable" }], `a/b:sha256-${HEX}.sig`, GROWS],
  ["nor does it let signatures be replaced", [{ id: "a", effect: "mutable" }], `a/b:sha256-${HEX}.sig`, GROWS],
  ["plain signatures follow the other rules", [{ id: "s", signatures: "plain", namespaces: ["a"] }], `a/b:sha256-${HEX}.sig`, IMMUTABLE],
  ["plain signatures may be replaced by rule", [{ id: "s", signatures: "plain" }, { id: "a", effect: "mutable" }], `a/b:sha256-${HEX}.sig`, "mutable by a"],
  ["signatures may go where a rule says so", [{ id: "s", signatures: "append-only", deletable: true }], `a/b:sha256-${HEX}.sig`, `${GROWS}, deletable`],
];

describe.each([
  ["patterns", PATTERNS],
  ["repositories", REPOSITORIES],
  ["order and exceptions", ORDER],
  ["sources", SOURCES],
  ["latest", LATEST],
  ["signatures", SIGNATURES],
])("rules for tags: %s", (_what, rows) => {
  test.each(rows)("%s", (_title, rules, asked, wanted) => {
    expect(ruleOf(compileTagPolicy(rules), asked)).toBe(wanted);
  });
});

describe("Pier One's rules", () => {
  test.each([
    ["1.0", IMMUTABLE],
    ["SNAPSHOT", IMMUTABLE],
    ["1.0-snapshot", IMMUTABLE],
    ["1.0-SNAPSHOT-2", IMMUTABLE],
    ["latest-1", IMMUTABLE],
    ["cache", IMMUTABLE],
    ["1.0-SNAPSHOT", "mutable by *-SNAPSHOT is mutable"],
    ["latest", "forbidden by latest is virtual"],
    [`sha256-${HEX}.sig`, GROWS],
  ])("%s", (tag, wanted) => {
    expect(ruleOf(PIER_ONE_TAGS, `alpha/app:${tag}`)).toBe(wanted);
  });
});

describe("what is on record of a rule for a tag", () => {
  const groundsIn = (policy: Parameters<typeof tagGroundsOf>[0]) =>
    tagGroundsOf(policy, parseRepositoryName("alpha/app"), parseTag("1.0"));

  test("is its name, and that the rules are built in where they are in no file", () => {
    expect(groundsIn(PIER_ONE_TAGS)).toEqual({ tagRule: "immutable", tagPolicy: "built-in" });
  });

  test("is its name with the fingerprint of the file that has it", () => {
    const policy = { ...compileTagPolicy([mutable("m", ["*"])]), fingerprint: () => "f1" };
    expect(groundsIn(policy)).toEqual({ tagRule: "m", tagPolicy: "f1" });
  });
});

function mutable(id: string, tags: readonly string[]): TagRuleSpec {
  return { id, effect: "mutable", tags };
}

function ruleOf(policy: typeof PIER_ONE_TAGS, asked: string): string {
  const [repository = "", tag = ""] = asked.split(":");
  const rule = policy.ruleFor(parseRepositoryName(repository), parseTag(tag));
  const grows = rule.appendOnly === true ? ", grows" : "";
  const deletable = rule.deletable === true ? ", deletable" : "";
  const sourced = rule.sourceWantedBy === undefined ? "" : `, source for ${rule.sourceWantedBy}`;
  return `${rule.mutability} by ${rule.name}${grows}${deletable}${sourced}`;
}
