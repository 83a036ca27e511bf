import { describe, expect, test } from "@jest/globals";
import { compilePolicy, type Policy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { OPENSVC_RULES } from "#access-policy/opensvc-rules.js";
import { readView } from "#access-policy/read-view.js";
import { viewOf } from "#access-policy/view.js";
import { parseAsk } from "../asking.js";
import { CASES } from "./cases.js";
import { DIRECTORY, REGISTRIES, subjectOf } from "./people.js";
import { SENTENCES } from "./sentences.js";

const FROM = { address: "192.0.2.7" };
const RULES = compilePolicy(OPENSVC_RULES);

describe("OpenSVC's rules", () => {
  test.each(CASES)("%s: %s (%s)", (asked, answer) => {
    const { subject, policy, ask, resource } = read(asked);
    const decision = decide(policy, subject, resource, ask, FROM);

    if (decision.allow === "teams-needed") throw new Error("teams are known");
    const said = decision.allow ? `yes: ${decision.rule?.id ?? ""}` : `no: ${decision.reason}`;
    expect(said).toBe(answer);
  });

  test.each(CASES)("answer %s the same when teams are looked up later", (asked, answer) => {
    const { subject, policy, ask, resource } = read(asked);
    const early = decide(policy, { ...subject, teams: null }, resource, ask, FROM);

    expect([answer.startsWith("yes"), "teams-needed"]).toContain(early.allow);
  });

  test.each(CASES.filter(([asked]) => asked.includes(" pull ")))(
    "show in lists what %s says: %s",
    (asked, answer) => {
      const { subject, policy, resource } = read(asked);
      const view = viewOf(policy, subject, FROM);

      if (view === "teams-needed") throw new Error("teams are known");
      expect(readView(view).has(resource.name)).toBe(answer.startsWith("yes"));
    },
  );

  test("are held against at least 150 cases", () => {
    expect(new Set(CASES.map(([asked]) => asked)).size).toBeGreaterThanOrEqual(150);
  });

  test("have a case for every sentence of the document's chapter about access", () => {
    const named = new Set(CASES.flatMap(([, , sentences]) => sentences.split(" ")));

    expect(Object.keys(SENTENCES).filter((key) => !named.has(key))).toEqual([]);
    expect([...named].filter((key) => key !== "" && !(key in SENTENCES))).toEqual([]);
  });
});

function read(asked: string) {
  const [who = "", at = "", ask = "", name = ""] = asked.split(" ");
  const policy: Policy = {
    ...RULES,
    facts: { directory: DIRECTORY, registry: REGISTRIES[at] ?? null },
  };
  const { action, resource } = parseAsk(`${ask} ${name}`);
  return { subject: subjectOf(who), policy, ask: action, resource };
}
