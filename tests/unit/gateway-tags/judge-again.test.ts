import { describe, expect, test } from "@jest/globals";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { TagState } from "#tag-policy/decide-tag-write.js";
import { judgingTagsAgain, type TagDecisionOnRecord } from "#tag-policy/judge-again.js";
import { compileTagPolicy, PIER_ONE_TAGS, type TagRuleSpec } from "#tag-policy/tag-policy.js";

const digest = (hex: string) => `sha256:${hex.repeat(64)}` as Digest;
const HELD = { digest: digest("a"), by: "alice", at: new Date(0), locked: false };
const OTHER = digest("b");
const what = { repository: parseRepositoryName("alpha/app"), tag: parseTag("1.0") };

const SIGNATURE = parseTag(`sha256-${"a".repeat(64)}.sig`);

const push = (state: TagState | null, hasSource = true, offered = OTHER): TagDecisionOnRecord => ({
  ...what,
  asked: { to: "push", digest: offered, state, hasSource },
});
const judge = (decision: TagDecisionOnRecord, ...specs: TagRuleSpec[]) =>
  judgingTagsAgain(PIER_ONE_TAGS, compileTagPolicy(specs))(decision);

const FORBIDDEN = { id: "closed", effect: "forbidden" } as const;
const MUTABLE = { id: "open", effect: "mutable" } as const;
const denied = { outcome: "changes", allow: false, by: "closed", before: "immutable" };
const allowed = { outcome: "changes", allow: true, by: "open", before: "immutable" };

describe("a decision on record, judged by other rules for tags,", () => {
  test("is not known where the rules in force wanted a source and it had none on record", () => {
    const inForce = compileTagPolicy([{ id: "known", scmSource: "required" }]);
    const judged = judgingTagsAgain(inForce, PIER_ONE_TAGS)(push({ kind: "free" }, false));
    expect(judged).toEqual({ outcome: "unknown", dependsOn: "whether the image had a source" });
  });

  test.each<[string, TagDecisionOnRecord, TagRuleSpec, object]>([
    ["of a new tag is denied where none may be", push({ kind: "free" }), FORBIDDEN, denied],
    [
      "of a new tag is the same where it may change",
      push({ kind: "free" }),
      MUTABLE,
      { outcome: "same" },
    ],
    [
      "that was refused since it stood is allowed",
      push({ kind: "held", ...HELD }),
      MUTABLE,
      allowed,
    ],
    [
      "that brings what stands is the same",
      push({ kind: "held", ...HELD }, true, HELD.digest),
      MUTABLE,
      { outcome: "same" },
    ],
    [
      "that was refused since it stood stays refused where none may be",
      push({ kind: "held", ...HELD }),
      FORBIDDEN,
      { outcome: "same" },
    ],
    [
      "of a locked tag stays refused",
      push({ kind: "held", ...HELD, locked: true }),
      MUTABLE,
      { outcome: "same" },
    ],
    [
      "of which the state is not on record is not guessed",
      push(null),
      MUTABLE,
      { outcome: "unknown", dependsOn: "what the tag was before" },
    ],
    [
      "of an image without a source on record is not guessed",
      push({ kind: "free" }, false),
      { id: "source", scmSource: "required" },
      { outcome: "unknown", dependsOn: "whether the image had a source" },
    ],
    [
      "of an image with a source is the same",
      push({ kind: "free" }),
      { id: "source", scmSource: "required" },
      { outcome: "same" },
    ],
    [
      "to delete is allowed where tags may go",
      { ...what, asked: { to: "delete" } },
      MUTABLE,
      allowed,
    ],
  ])("%s", (_what, decision, spec, judged) => {
    expect(judge(decision, spec)).toEqual(judged);
  });

  test("is the same by rules of other names that say the same", () => {
    expect(judge(push(null), { id: "another-name", effect: "immutable" })).toEqual({
      outcome: "same",
    });
  });

  test.each<[string, TagDecisionOnRecord, TagRuleSpec[], TagRuleSpec[], object]>([
    [
      "to delete is told by the name of the rule, not of one that wants a source",
      { ...what, asked: { to: "delete" } },
      [],
      [{ id: "source", scmSource: "required" }, MUTABLE],
      allowed,
    ],
    [
      "to delete changes where a rule says no more than that tags stay",
      { ...what, asked: { to: "delete" } },
      [MUTABLE],
      [{ id: "kept", effect: "mutable", deletable: false }],
      { outcome: "changes", allow: false, by: "kept", before: "open" },
    ],
    [
      "to delete a signature changes where a rule says no more than that they only grow",
      { ...what, tag: SIGNATURE, asked: { to: "delete" } },
      [{ id: "plain", signatures: "plain" }, MUTABLE],
      [MUTABLE],
      { outcome: "changes", allow: false, by: "signatures only grow", before: "open" },
    ],
    [
      "of a new signature is the same where they only grow",
      { ...push({ kind: "free" }), tag: SIGNATURE },
      [{ id: "plain", signatures: "plain" }],
      [],
      { outcome: "same" },
    ],
    [
      "that brings the signature that stands is the same where they only grow",
      { ...push({ kind: "held", ...HELD }, true, HELD.digest), tag: SIGNATURE },
      [{ id: "plain", signatures: "plain" }],
      [],
      { outcome: "same" },
    ],
    [
      "of an image without a source, where none may be pushed at all, is told by the rule that forbids it",
      push({ kind: "free" }, false),
      [],
      [FORBIDDEN, { id: "source", scmSource: "required" }],
      denied,
    ],
    [
      "of an image without a source, where none could be pushed at all, was refused by the rule that forbade it",
      push({ kind: "free" }, false),
      [FORBIDDEN, { id: "source", scmSource: "required" }],
      [MUTABLE],
      { outcome: "changes", allow: true, by: "open", before: "closed" },
    ],
  ])("%s", (_what, decision, inForce, candidate, judged) => {
    const judging = judgingTagsAgain(compileTagPolicy(inForce), compileTagPolicy(candidate));
    expect(judging(decision)).toEqual(judged);
  });

  test("that may only grow is not guessed: manifests would have to be compared", () => {
    const decision = { ...push({ kind: "held", ...HELD }), tag: SIGNATURE };
    const answer = judgingTagsAgain(
      compileTagPolicy([{ id: "plain", signatures: "plain" }]),
      PIER_ONE_TAGS,
    )(decision);
    expect(answer).toMatchObject({ outcome: "unknown" });
  });
});
