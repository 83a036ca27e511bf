import { describe, expect, test } from "@jest/globals";
import { compilePolicy, type Policy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { explain } from "#access-policy/explain.js";
import { judgingAgain } from "#access-policy/judge-again.js";
import { OPENSVC_RULES } from "#access-policy/opensvc-rules.js";
import type { Conditions, Effect } from "#access-policy/rule.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseAsk, policyOf, repository } from "../asking.js";
import { DIRECTORY, REGISTRIES, subjectOf } from "./people.js";

const FROM = { address: "192.0.2.7" };

type Row = readonly [condition: Conditions, who: string, registry: string, answer: string];

// prettier-ignore
const ROWS: readonly Row[] = [
  [{ registry: { restricted: true } }, "alice", "strict", "yes"],
  [{ registry: { restricted: true } }, "alice", "open", "registry open is not restricted"],
  [{ registry: { restricted: false } }, "alice", "strict", "registry strict is restricted"],
  [{ registry: { published: true } }, "nina", "open", "registry open is not published to any of your teams"],
  [{ registry: { responsible: true } }, "max", "open", "yes"],
  [{ registry: { responsible: true } }, "max", "undeclared", "the registry is not declared"],
  [{ registry: { published: true } }, "nina", "everybodys", "yes"],
  [{ registry: { responsible: true } }, "nina", "everybodys", "none of your teams is responsible for registry everybodys"],
  [{ registry: { responsible: true } }, "web", "strict", "none of your teams is responsible for registry strict"],
  [{ privileges: { anyOf: ["Manager", "Pusher"] } }, "erik", "open", "yes"],
  [{ privileges: { anyOf: ["Manager", "Pusher"] } }, "dora", "open", "needs the privilege Manager or Pusher"],
  [{ privileges: { allOf: ["Pusher"], anyOf: ["Manager"] } }, "erik", "open", "needs the privilege Manager"],
  [{ apps: { responsible: ["shop"] } }, "alice", "open", "yes"],
  [{ apps: { responsible: ["shop", "vault"] } }, "bob", "open", "none of your teams is responsible for app shop or vault"],
  [{ apps: { published: ["lab"] } }, "bob", "open", "yes"],
  [{ apps: { published: ["lab"] } }, "alice", "open", "app lab is published to none of your teams"],
  [{ service: { app: ["shop"] } }, "web", "open", "yes"],
  [{ service: { app: ["vault"] } }, "web", "open", "the service is of app shop, not vault"],
  [{ service: { app: ["shop"] } }, "alice", "open", "you are no service of an app"],
];

describe("rules of one's own", () => {
  test.each(ROWS)("%j of %s at %s: %s", (who, name, registry, answer) => {
    const policy = at(registry, [who], "allow");
    const decision = decide(policy, subjectOf(name), repository("x/y"), "pull", FROM);

    expect(decision.allow === true ? "yes" : decision).toEqual(
      answer === "yes" ? "yes" : { allow: false, reason: answer, rule: null },
    );
  });

  test.each<Conditions>([
    { registry: { restricted: true } },
    { registry: { published: true } },
    { registry: { responsible: true } },
  ])("that deny by %j deny where the registry is not known", (who) => {
    const policy = at("undeclared", [who], "deny");

    expect(decide(policy, subjectOf("alice"), repository("x/y"), "pull", FROM)).toMatchObject({
      allow: false,
      rule: { id: "r1" },
    });
  });

  test("wait for the teams where only they can tell", () => {
    const asked: readonly Conditions[] = [
      { registry: { published: true } },
      { apps: { responsible: ["shop"] } },
      { privileges: { allOf: ["Manager"] } },
    ];
    for (const who of asked)
      expect(
        decide(
          at("open", [who], "allow"),
          { ...subjectOf("alice"), teams: null },
          repository("x/y"),
          "pull",
          FROM,
        ),
      ).toEqual({ allow: "teams-needed" });
  });

  test.each<[who: Conditions, registry: string]>([
    [{ registry: { published: true } }, "nobodys"],
    [{ registry: { responsible: true } }, "nobodys"],
    [{ apps: { responsible: ["unheard-of"] } }, "open"],
    [{ apps: { published: ["unheard-of"] } }, "open"],
  ])("wait for no teams where none could meet %j at %s", (who, registry) => {
    const policy = at(registry, [who], "allow");
    const early = { ...subjectOf("alice"), teams: null };

    expect(decide(policy, early, repository("x/y"), "pull", FROM)).toMatchObject({ allow: false });
  });

  test("let no service push, whatever they say", () => {
    const policy = policyOf([{ actions: ["push", "pull"], who: "anyone" }]);
    const answers = ["push x/y", "delete x/y", "pull users/a/b", "pull groups/a/b", "pull x/y"].map(
      (ask) => {
        const { action, resource } = parseAsk(ask);
        return decide(policy, subjectOf("web"), resource, action, FROM);
      },
    );

    expect(answers.map((answer) => answer.allow)).toEqual([false, false, false, false, true]);
    expect(answers.map((answer) => "reason" in answer && answer.reason)).toEqual([
      "services may only pull",
      "services may only pull",
      "services get nothing below users/",
      "services get nothing below groups/",
      "rule r1 allows pull from x/y",
    ]);
  });
});

describe("OpenSVC's rules", () => {
  const policy: Policy = {
    ...compilePolicy(OPENSVC_RULES),
    facts: { directory: DIRECTORY, registry: REGISTRIES["open"] ?? null },
  };

  test("are explained with the condition that does not hold", () => {
    const { trace } = explain(policy, subjectOf("carol"), repository("apps/shop/x"), "push", FROM);
    const said = Object.fromEntries(trace.map(({ rule, because }) => [rule.id, because]));

    expect(said).toMatchObject({
      "apps-push": "needs the privilege Pusher",
      "apps-push-restricted": "registry open is not restricted",
      "places-end": "needs the privilege Pusher",
    });
  });

  test("are held against what is on record, by the teams that would make it so", () => {
    const judge = judgingAgain(policyOf([{ actions: ["push"], who: "anyone" }]), policy);
    const onRecord = {
      asker: { uid: "alice", realm: "/employees", kind: "oauth2" },
      ...({ address: null, action: "push", isGrantOfThese: true } as const),
    } as const;
    const judged = (name: string) => judge({ ...onRecord, repository: parseRepositoryName(name) });

    expect(judged("users/bob/x")).toMatchObject({ outcome: "changes", allow: false });
    expect(judged("apps/shop/x")).toEqual({
      outcome: "unknown",
      dependsOn: ["team alpha", "team beta", "team ops"],
    });
  });
});

function at(registry: string, who: readonly Conditions[], effect: Effect): Policy {
  const rules = who.map((one) => ({ actions: ["pull"], effect, who: one }) as const);
  return {
    ...policyOf(rules),
    facts: { directory: DIRECTORY, registry: REGISTRIES[registry] ?? null },
  };
}
