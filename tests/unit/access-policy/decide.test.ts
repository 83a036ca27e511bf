import { describe, expect, test } from "@jest/globals";
import { decide } from "#access-policy/decide.js";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import type { Identity, Teams } from "#access-policy/identity.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Action, Resource } from "#registry-protocol/scope.js";
import { ANONYMOUS, oauthIdentity, UNRESTRICTED } from "#tests/support/identities.js";

const HERE = { address: "127.0.0.1" };

const EMPLOYEE = oauthIdentity();
const ROBOT = oauthIdentity({
  uid: "robot-ci",
  realm: "/services",
  scopes: ["uid", "application.write"],
});
const READER = oauthIdentity({ uid: "robot-ro", realm: "/services" });
const EVERYWHERE = oauthIdentity({
  uid: "robot-all",
  realm: "/services",
  scopes: ["uid", "application.write_all"],
});
const TRUSTED = oauthIdentity({
  uid: "robot-trusted",
  realm: "/services",
  scopes: ["uid", "application.write_all_trusted"],
});
const CUSTOMER = oauthIdentity({ uid: "carol", realm: "/customers" });
const NO_REALM = oauthIdentity({ uid: "dave", realm: "" });

type Wanted = [allow: boolean | "teams-needed", reason?: string];

/** One row: who does what with which teams, and what is decided for which reason. */
const TABLE: readonly (readonly [
  what: string,
  identity: Identity,
  teams: Teams,
  action: Action,
  repository: string,
  wanted: Wanted,
])[] = [
  [
    "an employee pushes to a team of theirs",
    EMPLOYEE,
    ["alpha", "shared"],
    "push",
    "alpha/app",
    [true, "alice is in team alpha"],
  ],
  [
    "an employee pushes to their other team",
    EMPLOYEE,
    ["alpha", "shared"],
    "push",
    "shared/app",
    [true, "alice is in team shared"],
  ],
  [
    "an employee pushes far below a team of theirs",
    EMPLOYEE,
    ["alpha"],
    "push",
    "alpha/app/backend/v2",
    [true, "alice is in team alpha"],
  ],
  [
    "an employee pushes to another team",
    EMPLOYEE,
    ["alpha"],
    "push",
    "beta/app",
    [false, "alice is not in team beta"],
  ],
  [
    "an employee without teams pushes",
    EMPLOYEE,
    [],
    "push",
    "alpha/app",
    [false, "alice is not in team alpha"],
  ],
  [
    "a team's name as artifact of another team gives no right",
    EMPLOYEE,
    ["alpha"],
    "push",
    "beta/alpha",
    [false, "alice is not in team beta"],
  ],
  [
    "a team's name as beginning of another team's name gives no right",
    EMPLOYEE,
    ["alpha"],
    "push",
    "alpha-two/app",
    [false, "alice is not in team alpha-two"],
  ],
  [
    "a team whose name begins with a namespace gives no right there",
    EMPLOYEE,
    ["alpha-two"],
    "push",
    "alpha/app",
    [false, "alice is not in team alpha"],
  ],
  [
    "a team's name in other case gives no right",
    EMPLOYEE,
    ["Alpha"],
    "push",
    "alpha/app",
    [false, "alice is not in team alpha"],
  ],
  [
    "an empty team's name gives no right",
    EMPLOYEE,
    [""],
    "push",
    "alpha/app",
    [false, "alice is not in team alpha"],
  ],
  [
    "an employee's scope application.write is not needed and changes nothing",
    oauthIdentity({ scopes: ["application.write"] }),
    ["alpha"],
    "push",
    "beta/app",
    [false, "alice is not in team beta"],
  ],
  [
    "an employee pushes to a name without artifact",
    EMPLOYEE,
    ["alpha"],
    "push",
    "alpha",
    [false, "images live below a team: team/artifact"],
  ],
  [
    "whether an employee may push is open until their teams are known",
    EMPLOYEE,
    null,
    "push",
    "alpha/app",
    ["teams-needed"],
  ],
  [
    "an employee pulls from another team",
    EMPLOYEE,
    null,
    "pull",
    "beta/app",
    [true, "whoever is logged in may pull"],
  ],
  [
    "an employee pulls a name without artifact",
    EMPLOYEE,
    null,
    "pull",
    "alpha",
    [true, "whoever is logged in may pull"],
  ],
  [
    "an employee deletes in a team of theirs",
    EMPLOYEE,
    ["alpha"],
    "delete",
    "alpha/app",
    [false, "images are never deleted"],
  ],
  [
    "an employee asks for everything at once",
    EMPLOYEE,
    ["alpha"],
    "*",
    "alpha/app",
    [false, "images are never deleted"],
  ],
  [
    "a service with application.write pushes to its team",
    ROBOT,
    ["alpha"],
    "push",
    "alpha/app",
    [true, "robot-ci is in team alpha"],
  ],
  [
    "a service with application.write pushes to another team",
    ROBOT,
    ["alpha"],
    "push",
    "beta/app",
    [false, "robot-ci is not in team beta"],
  ],
  [
    "a service without application.write pushes to its team",
    READER,
    ["alpha"],
    "push",
    "alpha/app",
    [false, "the token lacks the scope application.write"],
  ],
  [
    "a service without application.write is refused before its teams are known",
    READER,
    null,
    "push",
    "alpha/app",
    [false, "the token lacks the scope application.write"],
  ],
  [
    "a scope that only begins like application.write gives no right",
    oauthIdentity({ uid: "robot-x", realm: "/services", scopes: ["application.write_some"] }),
    ["alpha"],
    "push",
    "alpha/app",
    [false, "the token lacks the scope application.write"],
  ],
  [
    "a service without application.write pulls",
    READER,
    null,
    "pull",
    "alpha/app",
    [true, "whoever is logged in may pull"],
  ],
  [
    "application.write_all pushes anywhere, teams unknown",
    EVERYWHERE,
    null,
    "push",
    "beta/app",
    [true, "scope application.write_all"],
  ],
  [
    "application.write_all pushes anywhere, without teams",
    EVERYWHERE,
    [],
    "push",
    "alpha/app",
    [true, "scope application.write_all"],
  ],
  [
    "application.write_all still needs an artifact",
    EVERYWHERE,
    null,
    "push",
    "alpha",
    [false, "images live below a team: team/artifact"],
  ],
  [
    "application.write_all deletes nothing",
    EVERYWHERE,
    null,
    "delete",
    "alpha/app",
    [false, "images are never deleted"],
  ],
  [
    "application.write_all_trusted pushes anywhere",
    TRUSTED,
    null,
    "push",
    "beta/app",
    [true, "scope application.write_all_trusted"],
  ],
  [
    "application.write_all counts in any realm",
    oauthIdentity({ realm: "/customers", scopes: ["application.write_all"] }),
    null,
    "push",
    "beta/app",
    [true, "scope application.write_all"],
  ],
  [
    "another realm pushes to a team of theirs",
    CUSTOMER,
    ["alpha"],
    "push",
    "alpha/app",
    [false, "realm /customers may not push"],
  ],
  [
    "another realm pulls",
    CUSTOMER,
    null,
    "pull",
    "alpha/app",
    [true, "whoever is logged in may pull"],
  ],
  [
    "no realm pushes to a team of theirs",
    NO_REALM,
    ["alpha"],
    "push",
    "alpha/app",
    [false, "realm (none) may not push"],
  ],
  [
    "a realm below /services is another realm",
    oauthIdentity({ realm: "/services/sub", scopes: ["application.write"] }),
    ["alpha"],
    "push",
    "alpha/app",
    [false, "realm /services/sub may not push"],
  ],
  ["nobody in particular pulls", ANONYMOUS, null, "pull", "alpha/app", [true, "public read is on"]],
  ["nobody in particular pushes", ANONYMOUS, null, "push", "alpha/app", [false, "log in to push"]],
  [
    "nobody in particular deletes",
    ANONYMOUS,
    null,
    "delete",
    "alpha/app",
    [false, "images are never deleted"],
  ],
  [
    "everybody pushes while authentication is off",
    UNRESTRICTED,
    null,
    "push",
    "alpha/app",
    [true, "authentication is switched off"],
  ],
];

describe("Pier One's rules", () => {
  test.each(TABLE)("%s", (_what, identity, teams, action, repository, [allow, reason]) => {
    const resource: Resource = { type: "repository", name: parseRepositoryName(repository) };
    const decision = decide(DEFAULT_POLICY, { identity, teams }, resource, action, HERE);
    expect(decision).toMatchObject(reason === undefined ? { allow } : { allow, reason });
  });

  test.each([
    ["an employee", EMPLOYEE, true, "whoever is logged in may list the catalog"],
    ["a service", READER, true, "whoever is logged in may list the catalog"],
    ["nobody in particular", ANONYMOUS, false, "log in to list the catalog"],
    [
      "everybody, while authentication is off,",
      UNRESTRICTED,
      true,
      "authentication is switched off",
    ],
  ] as const)("%s asks for the catalog: %#", (_who, identity, allow, reason) => {
    const catalog: Resource = { type: "registry", name: "catalog" };
    const decision = decide(DEFAULT_POLICY, { identity, teams: null }, catalog, "*", HERE);
    expect(decision).toMatchObject({ allow, reason });
  });
});
