import { describe, expect, test } from "@jest/globals";
import { combinedDirectory } from "#token-server/directory/combined-directory.js";
import { parseDirectoryFile } from "#token-server/directory/directory-file.js";
import { NOTHING_LISTED, type Listed } from "#token-server/directory/directory-snapshot.js";
import { YamlFileError } from "#service-kit/yaml-file.js";
import { oauthIdentity } from "#tests/support/identities.js";

const GOOD = `users:
  - { id: 7, login: /employees/alice, primaryTeam: alpha }
teams:
  - { id: 21, name: alpha }
apps:
  - { id: 31, code: shop, responsibles: [alpha], publications: [alpha, beta] }
services:
  - { name: shop.example.org, app: shop, workload: "/nodes/system:serviceaccount:shop:web" }
privileges:
  - { privilege: Pusher, team: alpha }
  - { privilege: Manager, identity: /employees/alice }
`;

describe("a directory file", () => {
  test("says who is called what, and who may do what", () => {
    const file = parseDirectoryFile("d.yaml", GOOD);
    const snapshot = combinedDirectory({ current: () => file }, { current: () => null }).current();

    const alice = oauthIdentity({ uid: "alice" });
    expect(snapshot?.directory.userNames(alice)).toEqual(["7", "alice"]);
    expect([...(snapshot?.directory.privilegesOf(alice, ["alpha"]) ?? [])]).toEqual([
      "Manager",
      "Pusher",
    ]);
    expect(
      snapshot?.serviceOfWorkload({ realm: "/nodes", uid: "system:serviceaccount:shop:web" })?.name,
    ).toBe("shop.example.org");
  });

  test("may be empty", () => {
    expect(parseDirectoryFile("d.yaml", "{}").users).toEqual([]);
  });

  test("is told all its faults, with their lines", () => {
    const text = `users:
  - { id: 7, login: /employees/alice }
  - { id: 9, login: /customers/alice }
  - { id: 8, login: bob }
teams:
  - { id: 0, name: "12" }
apps:
  - { id: 31, code: "31" }
  - { id: 32, code: shop }
  - { id: 33, code: shop }
services:
  - { name: Shop, app: shop, workload: /nodes/a }
privileges:
  - { privilege: Boss, team: a }
  - { privilege: Pusher }
  - { privilege: Pusher, team: a, identity: /employees/a }
registrys: []
`;
    expect(faultsOf(text)).toEqual([
      "d.yaml:4: users.2.login: wanted /realm/uid, such as /employees/alice",
      "d.yaml:6: teams.0.id: Too small: expected number to be >=1",
      "d.yaml:6: teams.0.name: reads as an id: a name has more than digits",
      "d.yaml:8: apps.0.code: reads as an id: a name has more than digits",
      'd.yaml:10: apps.2.code: "shop" is there already',
      "d.yaml:12: services.0.name: wanted lower case letters, digits, and . _ - / between them",
      'd.yaml:14: privileges.0.privilege: Invalid option: expected one of "Manager"|"Pusher"|"Puller"',
      "d.yaml:15: privileges.1: wants a team or an identity, one of them",
      "d.yaml:16: privileges.2: wants a team or an identity, one of them",
      'd.yaml:1: Unrecognized key: "registrys"',
    ]);
  });

  test("has one of a name, and no service of an app that is not there", () => {
    const text = `users:
  - { id: 7, login: /employees/alice }
  - { id: 7, login: /customers/alice }
services:
  - { name: web, app: gone, workload: /nodes/a }
`;
    expect(faultsOf(text)).toEqual([
      "d.yaml:3: users.1.id: 7 is there already",
      'd.yaml:3: users.1.login: "alice" is there already, and users/alice can be one of them alone',
      'd.yaml:5: services.0.app: there is no app "gone"',
    ]);
  });
});

test("teams, apps and services of a file are told apart by their names, and services by their workloads", () => {
  const text = `teams:
  - { id: 1, name: alpha }
  - { id: 2, name: alpha }
apps:
  - { id: 1, code: shop }
  - { id: 2, code: shop }
services:
  - { name: web, app: shop, workload: /nodes/a }
  - { name: web, app: shop, workload: /nodes/b }
  - { name: api, app: shop, workload: /nodes/b }
`;
  expect(faultsOf(text)).toEqual([
    'd.yaml:3: teams.1.name: "alpha" is there already',
    'd.yaml:6: apps.1.code: "shop" is there already',
    'd.yaml:9: services.1.name: "web" is there already',
    expect.stringMatching(/^d\.yaml:10: services\.2\.workload: .* is there already$/),
  ]);
});

describe("a file beside what is stored", () => {
  const stored: Listed = {
    ...NOTHING_LISTED,
    users: [{ id: 1, realm: "/employees", uid: "mallory", primaryTeam: null }],
    services: [
      { name: "web", app: "shop", workload: null },
      { name: "shop.example.org", app: "vault", workload: null },
    ],
    privileges: [{ privilege: "Manager", to: { team: "alpha" } }],
  };

  test("says alone who may do what; stored are services, and none that the file has", () => {
    const file = parseDirectoryFile("d.yaml", GOOD);
    const snapshot = combinedDirectory(
      { current: () => file },
      { current: () => stored },
    ).current();

    expect(snapshot?.listed.users.map(({ uid }) => uid)).toEqual(["alice"]);
    expect(snapshot?.directory.privilegesOf(oauthIdentity({ uid: "x" }), ["alpha"])).toEqual(
      new Set(["Pusher"]),
    );
    expect(snapshot?.listed.services.map(({ name, app }) => [name, app])).toEqual([
      ["shop.example.org", "shop"],
      ["web", "shop"],
    ]);
  });

  test("is made anew only when one of them has changed", () => {
    const file = parseDirectoryFile("d.yaml", GOOD);
    let kept = stored;
    const directory = combinedDirectory({ current: () => file }, { current: () => kept });
    const first = directory.current();

    expect(directory.current()).toBe(first);
    kept = { ...stored, services: [] };
    expect(directory.current()).not.toBe(first);
  });

  test("without a file is not known until it was read", () => {
    expect(combinedDirectory(null, { current: () => null }).current()).toBeNull();
  });
});

function faultsOf(text: string): readonly string[] {
  try {
    parseDirectoryFile("d.yaml", text);
  } catch (error) {
    if (error instanceof YamlFileError) return error.faults;
    throw error;
  }
  return [];
}
