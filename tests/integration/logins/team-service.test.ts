import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Secret } from "#service-kit/secret.js";
import type { Login } from "#token-server/identity/identity-source.js";
import { teamService, type StaleAnswer } from "#token-server/teams/team-service.js";
import { oauthIdentity } from "#tests/support/identities.js";
import { testClock, type TestClock } from "./support/clock.js";
import { jsonService, type JsonService } from "./support/json-service.js";
import { faultOf } from "./support/logins.js";

const HOUR = 3_600;
const DOWN = { status: 503, body: {} };
const UNAVAILABLE = "UNAVAILABLE: the team service is unavailable, try again";

let service: JsonService;
let clock: TestClock;
let stale: StaleAnswer[];

beforeEach(async () => {
  service = await jsonService(() => ({ status: 200, body: [{ name: "alpha" }] }));
  clock = testClock();
  stale = [];
});
afterEach(() => service.stop());

describe("teams of the team service", () => {
  test("are asked for with the caller's own token, as Pier One asks", async () => {
    await expect(lookup().teamsOf(login("alice"))).resolves.toEqual(["alpha"]);
    expect(service.asked[0]).toMatchObject({
      method: "GET",
      path: "/api/accounts/aws",
      authorization: "Bearer token-of-alice",
    });
    expect(service.asked[0]?.query.get("member")).toBe("alice");
  });

  test("are remembered for five minutes", async () => {
    const teams = lookup();
    await Promise.all([teams.teamsOf(login("alice")), teams.teamsOf(login("alice"))]);
    clock.advance(299);
    await teams.teamsOf(login("alice"));
    expect(service.asked).toHaveLength(1);
    clock.advance(1);
    await teams.teamsOf(login("alice"));
    expect(service.asked).toHaveLength(2);
  });

  test("of one identity are never served to another", async () => {
    const teams = lookup();
    service.answer = ({ query, authorization }) => ({
      status: 200,
      body: [{ name: `${query.get("member") ?? ""}-${authorization ?? ""}` }],
    });
    const [employee, namesake] = [login("alice"), login("alice", "/services", "other-token")];
    const [first, second] = await Promise.all([teams.teamsOf(employee), teams.teamsOf(namesake)]);
    expect(first).toEqual(["alice-Bearer token-of-alice"]);
    expect(second).toEqual(["alice-Bearer other-token"]);
  });

  test("are none for somebody in no team", async () => {
    service.answer = () => ({ status: 200, body: [] });
    await expect(lookup().teamsOf(login("alice"))).resolves.toEqual([]);
  });

  test("are not asked for without an access token", async () => {
    const robot = { ...login("alice"), accessToken: null };
    await expect(lookup().teamsOf(robot)).resolves.toEqual([]);
    expect(service.asked).toEqual([]);
  });
});

test("teams that were told while the clock was ahead are asked for again once it is right", async () => {
  const teams = lookup();
  await teams.teamsOf(login("alice"));
  clock.advance(-10 * HOUR);
  service.answer = () => ({ status: 200, body: [{ name: "beta" }] });
  await expect(teams.teamsOf(login("alice"))).resolves.toEqual(["beta"]);
});

describe("while the team service is down", () => {
  test("the last known answer is used up to the bound, and that is said", async () => {
    const teams = lookup();
    await teams.teamsOf(login("alice"));
    service.answer = () => DOWN;
    clock.advance(HOUR - 1);
    await expect(teams.teamsOf(login("alice"))).resolves.toEqual(["alpha"]);
    expect(stale).toEqual([{ uid: "alice", realm: "/employees", ageSeconds: HOUR - 1 }]);
    clock.advance(1);
    expect(await faultOf(teams.teamsOf(login("alice")))).toBe(UNAVAILABLE);
  });

  test.each<[string, number, unknown]>([
    ["404 and a list", 404, [{ name: "alpha" }]],
    ["no list", 200, { name: "alpha" }],
    ["a list of something else", 200, ["alpha"]],
  ])("whoever is not known has no teams by %s", async (_what, status, body) => {
    service.answer = () => ({ status, body });
    expect(await faultOf(lookup().teamsOf(login("alice")))).toBe(UNAVAILABLE);
  });

  test.each([403, 404, 410])("%d is no answer about a membership either", async (status) => {
    const teams = lookup();
    await teams.teamsOf(login("alice"));
    service.answer = () => ({ status, body: {} });
    clock.advance(301);
    await expect(teams.teamsOf(login("alice"))).resolves.toEqual(["alpha"]);
    expect(await faultOf(teams.teamsOf(login("bob")))).toBe(UNAVAILABLE);
  });

  test("the last known answer of one is no answer for another", async () => {
    const teams = lookup();
    await teams.teamsOf(login("alice"));
    service.answer = () => DOWN;
    clock.advance(301);
    expect(await faultOf(teams.teamsOf(login("bob")))).toBe(UNAVAILABLE);
    expect(await faultOf(teams.teamsOf(login("alice", "/services")))).toBe(UNAVAILABLE);
  });

  test("no old answer is used where the bound is 0", async () => {
    const teams = lookup(0);
    await teams.teamsOf(login("alice"));
    service.answer = () => DOWN;
    clock.advance(301);
    expect(await faultOf(teams.teamsOf(login("alice")))).toBe(UNAVAILABLE);
    expect(stale).toEqual([]);
  });

  test("a fresh answer replaces the old one as soon as there is one", async () => {
    const teams = lookup();
    await teams.teamsOf(login("alice"));
    service.answer = () => DOWN;
    clock.advance(301);
    await teams.teamsOf(login("alice"));
    service.answer = () => ({ status: 200, body: [{ name: "beta" }] });
    await expect(teams.teamsOf(login("alice"))).resolves.toEqual(["beta"]);
  });

  test("it is not asked by everybody", async () => {
    service.answer = () => DOWN;
    const teams = lookup();
    for (let attempt = 0; attempt < 20; attempt += 1)
      await faultOf(teams.teamsOf(login(`user-${attempt}`)));
    expect(service.asked).toHaveLength(5);
    expect(await faultOf(teams.teamsOf(login("one-more")))).toBe(UNAVAILABLE);
  });
});

describe("a team service that refuses the token", () => {
  test("makes the teams unknown: older answers are for outages alone", async () => {
    const teams = lookup();
    await teams.teamsOf(login("alice"));
    service.answer = () => ({ status: 401, body: {} });
    clock.advance(301);
    expect(await faultOf(teams.teamsOf(login("alice")))).toBe(UNAVAILABLE);
    expect(stale).toEqual([]);
  });
});

function lookup(staleSeconds = HOUR) {
  const onStale = (answer: StaleAnswer) => stale.push(answer);
  return teamService(service.url, { staleSeconds, now: clock.now, onStale });
}

function login(uid: string, realm = "/employees", token = `token-of-${uid}`): Login {
  return {
    identity: oauthIdentity({ uid, realm }),
    teams: null,
    validUntil: null,
    accessToken: new Secret(token),
  };
}
