import { describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import type { RecordedEntry } from "#audit-log/recorded-entry.js";
import { decisionIn, DECISIONS } from "#token-server/api/decision-on-record.js";

const ALICE = {
  ...SYSTEM,
  uid: "alice",
  realm: "/employees",
  kind: "oauth2",
  address: "192.0.2.1",
};
const entry = (change: Partial<RecordedEntry>) =>
  ({ action: "tag.pushed", actor: ALICE, repository: "alpha/app", ...change }) as RecordedEntry;
const asker = { uid: "alice", realm: "/employees", kind: "oauth2" };

describe("what a policy can be asked again of what is on record", () => {
  test("is who did what where, from which address", () => {
    expect(decisionIn(entry({}), true)).toEqual({
      ...{ asker, address: "192.0.2.1", action: "push", repository: "alpha/app" },
      isGrantOfThese: true,
    });
    const nowhere = { ...ALICE, address: "" };
    expect(decisionIn(entry({ action: "manifest.deleted", actor: nowhere }), false)).toEqual({
      ...{ asker, address: null, action: "delete", repository: "alpha/app" },
      isGrantOfThese: false,
    });
  });

  test("is a push or a deletion, and nothing else", () => {
    const actionOf = (action: RecordedEntry["action"]) => {
      const decision = decisionIn(entry({ action }), false);
      return typeof decision === "string" ? decision : decision.action;
    };
    expect([...new Set(DECISIONS.map(actionOf))].sort()).toEqual(["delete", "push"]);
    expect(actionOf("robot.created")).toBe("a login of kind oauth2");
  });

  test("is not where the login is of no kind that rules know, or the repository is none", () => {
    const itself = { ...ALICE, kind: "gateway" };
    expect(decisionIn(entry({ actor: itself }), false)).toBe("a login of kind gateway");
    for (const repository of [null, "Alpha/app"])
      expect(decisionIn(entry({ repository }), false)).toBe("the repository");
    const all = { ...ALICE, kind: "unrestricted" };
    expect(decisionIn(entry({ actor: all }), false)).toMatchObject({
      asker: { kind: "unrestricted" },
    });
  });
});
