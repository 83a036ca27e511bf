import { describe, expect, test } from "@jest/globals";
import { directoryOf } from "#access-policy/directory.js";
import { ANONYMOUS, oauthIdentity } from "#tests/support/identities.js";

const WEB = { realm: "/service-logins", uid: "service/web" };
const DIRECTORY = directoryOf({
  users: [
    { ...WEB, id: 7, primaryTeam: null },
    { realm: "/employees", uid: "alice", id: 8, primaryTeam: null },
  ],
  teams: [],
  apps: [{ id: 31, code: "shop", responsibles: [], publications: ["alpha"] }],
  services: [{ name: "web", app: "shop" }],
  privileges: [
    { privilege: "Pusher", to: WEB },
    { privilege: "Manager", to: { realm: ANONYMOUS.realm, uid: ANONYMOUS.uid } },
    { privilege: "Puller", to: { team: "builders" } },
  ],
});
const SERVICE = oauthIdentity({ ...WEB, kind: "service" });
const NAMESAKE = oauthIdentity({ ...WEB, kind: "oauth2" });

describe("the directory's entries", () => {
  test("about a user are of no service that is called the same", () => {
    expect(DIRECTORY.userNames(SERVICE)).toEqual([]);
    expect(DIRECTORY.userNames(NAMESAKE)).toEqual(["7", "service/web"]);
  });

  test("about a team are by its id, and its name unless that could be an id", () => {
    const directory = directoryOf({
      ...{ users: [], apps: [], services: [], privileges: [] },
      teams: [
        { name: "alpha", id: 3 },
        { name: "17", id: 4 },
      ],
    });
    expect(directory.teamNames(["alpha"])).toStrictEqual(["alpha", "3"]);
    expect(directory.teamNames(["17"])).toStrictEqual(["4"]);
    expect(directory.teamNames(["unknown", "18"])).toStrictEqual(["unknown"]);
  });

  test("about privileges are of no service, whatever its name or its teams are", () => {
    expect([...DIRECTORY.privilegesOf(SERVICE, ["builders"])]).toEqual([]);
    expect([...DIRECTORY.privilegesOf(NAMESAKE, ["builders"])]).toEqual(["Pusher", "Puller"]);
  });

  test("give nobody in particular a privilege", () => {
    expect([...DIRECTORY.privilegesOf(ANONYMOUS, ["builders"])]).toEqual([]);
  });

  test("about services are of no other login, even with a service's user name", () => {
    expect(DIRECTORY.appOfService(SERVICE)).toMatchObject({ code: "shop" });
    expect(DIRECTORY.appOfService(NAMESAKE)).toBeNull();
  });
});
