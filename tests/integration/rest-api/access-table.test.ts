import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { identityRoutes } from "#local/stand-ins/identity-routes.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { listening } from "#tests/support/test-server.js";
import {
  COMPANY,
  EMPTIED,
  REPOSITORIES,
  ROBOT_GRANTS,
  TABLE,
  TABLE_POLICY,
  type Somebody,
} from "./support/access-table.js";
import { happen, openStream } from "./support/event-streams.js";
import {
  imageManifest,
  jsonOf,
  putBuiltOn,
  putImage,
  startRestStack,
  type RestStack,
} from "./support/stack.js";

const BYTES_OF_IMAGE = 1_100;
/** As Pier One names the image that stands in every repository. */
const imageOfCommon = digestOf(Buffer.from("config of common"));
/** So that every list has several pages for most. */
const ON_PAGE = 3;
const ALL: readonly string[] = [...REPOSITORIES, ...EMPTIED];
const STANDING: readonly string[] = REPOSITORIES;

let stack: RestStack;
let company: { readonly url: string; stop(): Promise<void> };
/** Of the image that stands in every repository. */
let common: string;
/** Of another that is built on it, without a tag. */
let builtOnCommon: string;
/** Where a stream of events was before anything happened anywhere, and what happened to each since, in that order. */
let before: string;
const HAPPENED = ["push", "lock", "delete"];
const secrets = new Map<string, string>();

beforeAll(async () => {
  company = await listening(
    createServer((req, res) => void identityRoutes(() => COMPANY)(req, res)),
  );
  const { url } = company;
  const robots = Object.keys(ROBOT_GRANTS).map((name) => ({
    uid: `robot-alpha-${name}`,
    realm: "/robots",
  }));
  stack = await startRestStack(
    { inUseReporters: [...COMPANY.identities, ...robots] },
    {
      policy: { current: () => TABLE_POLICY },
      registers: true,
      identity: {
        tokeninfoUrl: `${url}/oauth2/tokeninfo`,
        teamServiceUrl: `${url}/teams-service`,
        iidinfoUrl: `${url}/iidinfo`,
      },
    },
  );
  await stack.nameGateway();
  for (const repository of ALL) await fill(repository);
  const { db } = stack.ledger;
  const gone = "repository = any($1::text[])";
  for (const table of ["tag", "manifest"])
    await db.query(
      `update ledger.${table} set deleted_at = now(), deleted_by = 'alice' where ${gone}`,
      [EMPTIED],
    );
  await db.query(
    `insert into ledger.repository (name, compared_at, description)
     select name, now(), 'about ' || name from unnest($1::text[]) as name
     on conflict (name) do update set compared_at = now(), description = excluded.description`,
    [[...ALL].reverse()],
  );
  await db.query("insert into ledger.discovery (catalog_at) values (now())");
  for (const [name, repositories] of Object.entries(ROBOT_GRANTS)) {
    const made = await stack.rest("/teams/alpha/robots", {
      ...{ token: "erin-token", method: "POST" },
      body: { name, grants: [{ repositories, actions: ["pull"] }] },
    });
    secrets.set(name, (jsonOf(made) as { secret: string }).secret);
  }
  const stream = await openStream(stack.gateway.url, "/api/v1/events");
  await stream.caughtUp();
  before = stream.place();
  await stream.close();
  for (const action of ["tag.pushed", "tag.locked", "tag.deleted"] as const)
    for (const repository of ALL)
      await db.transaction((tx) => happen(tx, { repository, action, tag: "followed" }));
}, 60_000);
afterAll(async () => {
  await stack.stop();
  await company.stop();
});

/** Two tags: one of an image that is everywhere, one of its own; with pulls, and pushes stored and refused, on record. */
async function fill(name: string): Promise<void> {
  const { ledger, registry } = stack;
  const tags = { "1.0": "common", "2.0": `only ${name}` };
  for (const [tag, content] of Object.entries(tags)) {
    const digest = await putImage(ledger, name, tag, content);
    registry.write(name, tag, imageManifest(content));
    if (tag === "1.0") common = digest;
  }
  builtOnCommon = await putBuiltOn(ledger, name, "common");
  const actor = { ...SYSTEM, uid: "alice", realm: "/employees", kind: "oauth2" };
  const repository = parseRepositoryName(name);
  const what = { actor, repository, tag: "1.0", digest: common, detail: {} };
  const who = {
    uid: "bob",
    realm: "",
    kind: "oauth2",
    address: "",
    userAgent: "",
    userAgents: [""],
  };
  const when = { firstAt: new Date("2026-11-21"), lastAt: new Date("2026-11-21") };
  const pull = { repository, tag: "1.0", digest: common, count: pullsOf(name), ...who, ...when };
  await ledger.db.query(
    `update ledger.tag set drift_digest = 'sha256:other', drift_since = now(), origin = 'adopted'
     where repository = $1 and name = '2.0'`,
    [name],
  );
  await ledger.db.query(
    "insert into ledger.missing_part (repository, digest, part) values ($1, $2, 'sha256:p')",
    [name, common],
  );
  await ledger.db.transaction(async (tx) => {
    await recordAudit(tx, { ...what, action: "tag.pushed", reason: "stored" });
    await recordAudit(tx, { ...what, action: "tag.refused", reason: "immutable" });
    await recordPulls(tx, [pull]);
  });
}

/** Some have as many as others. */
const pullsOf = (name: string) => 1 + (ALL.indexOf(name) % 5);
const byPart = (name: string) => name.replaceAll("/", "\u0001");
const inOrder = (names: readonly string[]) =>
  [...names].sort((one, other) => (byPart(one) < byPart(other) ? -1 : 1));
const teamOf = (name: string) => (name.includes("/") ? (name.split("/")[0] ?? "") : null);
const teamsOf = (names: readonly string[]) =>
  [...new Set(names.map(teamOf).filter((team) => team !== null))].sort();

function authorizationOf({ who, login }: Somebody): string | null {
  if (login === null) return null;
  const { user, password } =
    login === "robot" ? { user: `robot-alpha-${who}`, password: secrets.get(who) ?? "" } : login;
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

async function get(one: Somebody, path: string, method = "GET"): Promise<Answer> {
  const authorization = authorizationOf(one);
  return ask(stack.gateway.url, path, {
    method,
    headers: authorization === null ? {} : { Authorization: authorization },
  });
}

async function json<T>(one: Somebody, path: string): Promise<T> {
  const answer = await get(one, path);
  expect([path, answer.status, answer.body.toString()]).toEqual([path, 200, expect.anything()]);
  return jsonOf(answer) as T;
}

/** As registry clients do: with a token for what they will ask. */
async function registryToken(one: Somebody, scopes: readonly string[]): Promise<string> {
  const query = new URLSearchParams({ service: "wharfinger" });
  for (const scope of scopes) query.append("scope", scope);
  return (await json<{ token: string }>(one, `/token?${query.toString()}`)).token;
}

const withToken = (token: string, path: string, method = "GET") =>
  ask(stack.gateway.url, path, { method, headers: { Authorization: `Bearer ${token}` } });

interface Listed {
  readonly name: string;
  readonly repository: string;
  readonly pulls: number;
}

/** Goes from page to page by `Link`, and sees to it that neither that nor the cursor says more than the list. */
async function pages(one: Somebody, path: string): Promise<readonly Listed[]> {
  const all: Listed[] = [];
  const between = path.includes("?") ? "&" : "?";
  let next: string | undefined = `/api/v1${path}${between}limit=${ON_PAGE}`;
  while (next !== undefined) {
    const answer: Answer = await get(one, next);
    expect([next, answer.status]).toEqual([next, 200]);
    const page = jsonOf(answer) as { items: Listed[]; next: string | null };
    all.push(...page.items);
    next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers["link"] ?? ""))?.[1];
    expect(next === undefined).toBe(page.next === null);
    if (next === undefined || page.next === null) continue;
    expect(page.items).toHaveLength(ON_PAGE);
    expect(new URL(next, "http://gateway").searchParams.get("cursor")).toBe(page.next);
    const carried = Buffer.from(page.next, "base64url").toString("latin1");
    expectNothingHidden(one, carried);
    expect(carried).not.toMatch(/"(?:at|key|name|position|page)"/);
  }
  return all;
}

/** What looks like a name in a text is one that they may know of. */
function expectNothingHidden({ sees }: Somebody, text: string): void {
  const said = text.replaceAll("\\u0001", "/").match(/[a-z0-9-]+(?:\/[a-z0-9-]+)*/g) ?? [];
  expect(said.filter((word) => ALL.includes(word) && !sees.test(word))).toEqual([]);
}

const ORDERS = ["name", "pushed", "pulled", "pulls", "size"];

test("the table is large enough, and says something different of everybody", () => {
  expect(TABLE.length).toBeGreaterThanOrEqual(12);
  expect(ALL.length).toBeGreaterThanOrEqual(30);
  expect(new Set(TABLE.map(({ sees }) => ALL.filter((name) => sees.test(name)).join())).size).toBe(
    TABLE.length,
  );
  for (const name of ALL) expect(TABLE.some(({ sees }) => !sees.test(name))).toBe(true);
});

describe.each(TABLE)("$who", (one) => {
  const known = inOrder(ALL.filter((name) => one.sees.test(name)));
  const standing = known.filter((name) => STANDING.includes(name));
  const hidden = ALL.filter((name) => !one.sees.test(name));

  test("finds in the registry's catalog what they may pull, and no other name in a Link", async () => {
    const token = await registryToken(one, ["registry:catalog:*"]);
    const names: string[] = [];
    let next: string | undefined = `/v2/_catalog?n=${ON_PAGE}`;
    while (next !== undefined) {
      const answer = await withToken(token, next);
      expect(answer.status).toBe(200);
      names.push(...(jsonOf(answer) as { repositories: string[] }).repositories);
      const link = String(answer.headers["link"] ?? "");
      expectNothingHidden(one, decodeURIComponent(link));
      next = /^<([^>]+)>/.exec(link)?.[1];
    }
    expect(names).toEqual(known);
  });

  test("pulls and lists tags from exactly those", async () => {
    const refused = one.login === null ? 401 : 403;
    for (let from = 0; from < ALL.length; from += 20) {
      const some = ALL.slice(from, from + 20);
      const token = await registryToken(
        one,
        some.map((name) => `repository:${name}:pull`),
      );
      for (const name of some) {
        const may = one.sees.test(name);
        const stands = STANDING.includes(name);
        const wanted = !may ? [refused] : stands ? [200] : [200, 404];
        const tags = await withToken(token, `/v2/${name}/tags/list`);
        expect([name, wanted.includes(tags.status), tags.status]).toEqual([
          name,
          true,
          tags.status,
        ]);
        if (may && stands) expect(jsonOf(tags)).toEqual({ name, tags: ["1.0", "2.0"] });
        for (const extension of ["ext/discover", "tag-history/1.0", "tag-history/none"]) {
          const { status } = await withToken(token, `/v2/${name}/_oci/${extension}`);
          expect([name, extension, status]).toEqual([name, extension, may ? 200 : refused]);
        }
        const described = await withToken(token, `/v2/${name}/_wharfinger/tags/list`);
        expect([name, described.status]).toEqual([name, may ? 200 : refused]);
        if (may)
          expect((jsonOf(described) as { manifests: object[] }).manifests).toHaveLength(
            stands ? 2 : 0,
          );
        for (const method of ["GET", "HEAD"]) {
          const { status } = await withToken(token, `/v2/${name}/manifests/1.0`, method);
          expect([name, method, status]).toEqual([
            name,
            method,
            may ? (stands ? 200 : 404) : refused,
          ]);
        }
      }
    }
  });

  test("finds exactly those in a search over all registries, by their own right", async () => {
    const answer = await get(one, "/api/v1/registries/search?limit=100");
    expect(answer.status).toBe(one.login === null ? 401 : 200);
    if (one.login === null) return;
    const { items, unanswered } = jsonOf(answer) as { items: Listed[]; unanswered: object[] };
    expect(unanswered).toEqual([]);
    expect(inOrder(items.map(({ name }) => name))).toEqual(standing);
  });

  test("is shown and counted exactly those by Pier One's API", async () => {
    const teams = teamsOf(standing);
    expect(await json(one, "/teams")).toEqual(teams);
    const counted = teams.map((team) => {
      const { length } = standing.filter((name) => teamOf(name) === team);
      return { team, stats: { artifacts: length, tags: 2 * length } };
    });
    expect(await json(one, "/stats/teams")).toEqual(counted);
    for (const team of teamsOf(ALL)) {
      const artifacts = standing.filter((name) => teamOf(name) === team);
      expect(await json(one, `/teams/${team}/artifacts`)).toEqual(
        artifacts.map((name) => name.slice(team.length + 1)),
      );
      const stats = await get(one, `/stats/teams/${team}`);
      expect([team, stats.status]).toEqual([team, artifacts.length > 0 ? 200 : 404]);
    }
    const storage = standing.length * 2 * BYTES_OF_IMAGE;
    expect(await json(one, "/stats")).toEqual({ teams: teams.length, storage });
    const images = await get(one, `/tags/${imageOfCommon}`);
    const places = standing
      .filter((name) => teamOf(name) !== null)
      .map((name) => ({
        team: teamOf(name),
        artifact: name.slice(name.indexOf("/") + 1),
        name: "1.0",
      }));
    expect(images.status).toBe(standing.length > 0 ? 200 : 404);
    if (images.status === 200)
      expect(new Set((jsonOf(images) as object[]).map((place) => JSON.stringify(place)))).toEqual(
        new Set(places.map((place) => JSON.stringify(place))),
      );
    for (const term of ["", "app", "app-secret", "alpha", "gone", "s"]) {
      // What has no tags is not searched for.
      const found = standing.filter((name) => name.includes(term));
      const page = await json<{ num_results: number; results: Listed[] }>(
        one,
        `/v1/search?q=${term}&n=100`,
      );
      expect([term, page.num_results]).toEqual([term, found.length]);
      expect(inOrder(page.results.map(({ name }) => name))).toEqual(found);
    }
  });

  test("is shown exactly those by lists of repositories, in any order, of any team and text", async () => {
    for (const sort of ORDERS) {
      const listed = await pages(one, `/repositories?sort=${sort}`);
      const names = listed.map(({ name }) => name);
      expect([sort, sort === "name" ? names : inOrder(names)]).toEqual([sort, known]);
      if (sort === "pulls")
        expect(listed.map(({ pulls }) => pulls)).toEqual(known.map(pullsOf).sort((a, b) => b - a));
    }
    for (const term of ["app", "app-secret", "alpha/app", "gone", "e"]) {
      const found = known.filter((name) => name.includes(term));
      const listed = await pages(one, `/repositories?text=${encodeURIComponent(term)}`);
      expect([term, listed.map(({ name }) => name)]).toEqual([term, found]);
      const searched = await pages(one, `/search?q=${encodeURIComponent(term)}`);
      expect([term, inOrder(searched.map(({ name }) => name))]).toEqual([
        term,
        standing.filter((name) => name.includes(term)),
      ]);
    }
    for (const team of ["alpha", "alph", "beta", "public", "sealed", "nobodys"]) {
      const listed = await pages(one, `/repositories?team=${team}`);
      const found = known.filter((name) => teamOf(name) === team);
      expect([team, listed.map(({ name }) => name)]).toEqual([team, found]);
    }
  });

  test("is told sums of those alone", async () => {
    const sums = (names: readonly string[]) => ({
      ...{ artifacts: names.length, tags: 2 * names.length },
      size: names.length * 2 * BYTES_OF_IMAGE,
    });
    const inTeams = standing.filter((name) => teamOf(name) !== null);
    const teams = teamsOf(standing);
    expect(await json(one, "/api/v1/stats")).toEqual({ teams: teams.length, ...sums(inTeams) });
    const each = teams.map((team) => ({
      team,
      ...sums(standing.filter((name) => teamOf(name) === team)),
    }));
    expect(await json(one, "/api/v1/teams")).toEqual({ items: each });
    for (const team of teamsOf(ALL)) {
      const answer = await get(one, `/api/v1/teams/${team}`);
      const wanted = each.find((some) => some.team === team);
      expect([team, answer.status]).toEqual([team, wanted === undefined ? 404 : 200]);
      if (wanted !== undefined) expect(jsonOf(answer)).toEqual(wanted);
    }
  });

  test("finds refusals, and an image that is everywhere, in those alone", async () => {
    const refused = await pages(one, "/refusals");
    expect(inOrder(refused.map(({ repository }) => repository))).toEqual(known);
    expect(await pages(one, "/refusals?by=nobody")).toEqual([]);
    const tagged = await pages(one, `/digests/${common}/tags`);
    expect(inOrder(tagged.map(({ repository }) => repository))).toEqual(standing);
  });

  test("finds tags by their names in those alone", async () => {
    for (const [query, names] of [
      ["", [...standing, ...standing]],
      ["1.", standing],
      ["app:2.0", standing.filter((name) => name.includes("app"))],
      ["3", []],
    ] as const) {
      const found = await pages(one, `/tags?q=${query}`);
      expect([query, inOrder(found.map(({ repository }) => repository))]).toEqual([
        query,
        inOrder(names),
      ]);
    }
    for (const team of ["alpha", "alph", "sealed"]) {
      const found = await pages(one, `/tags?q=1.0&team=${team}`);
      expect([team, inOrder(found.map(({ repository }) => repository))]).toEqual([
        team,
        standing.filter((name) => teamOf(name) === team),
      ]);
    }
  });

  test("is told what discovery found in those alone", async () => {
    for (const [kind, names] of [
      ["drifted", standing],
      ["incomplete", standing],
      ["adopted", standing],
      ["missing", []],
    ] as const) {
      const found = await pages(one, `/discovery/findings?kind=${kind}`);
      expect([kind, inOrder(found.map(({ repository }) => repository))]).toEqual([kind, names]);
    }
  });

  test("reports the use of those alone, and is told back the others", async () => {
    const authorization = authorizationOf(one);
    const images = ALL.map((name) => ({ reference: `${name}:1.0` }));
    const answer = await ask(stack.gateway.url, "/api/v1/in-use", {
      method: "PUT",
      headers: {
        "Content-Type": "application/json",
        ...(authorization === null ? {} : { Authorization: authorization }),
      },
      body: JSON.stringify({ name: "all", images }),
    });
    const refused = one.login === null ? 401 : 403;
    const isReporter = one.login !== null && one.who !== "machine";
    expect(answer.status).toBe(isReporter ? 200 : refused);
    if (!isReporter) return;
    const { unknown } = jsonOf(answer) as { unknown: string[] };
    const others = ALL.filter((name) => !standing.includes(name));
    expect(unknown.sort()).toEqual(others.map((name) => `${name}:1.0`).sort());
  });

  test("finds images by their layers in those alone", async () => {
    const place = standing[0];
    if (place === undefined) return;
    const built = await pages(one, `/repositories/${place}/built-on?of=${common}`);
    expect(inOrder(built.map(({ repository }) => repository))).toEqual(standing);
    const bases = await pages(one, `/repositories/${place}/bases?of=${builtOnCommon}`);
    expect(inOrder(bases.map(({ repository }) => repository))).toEqual(standing);
    for (const name of hidden.slice(0, 3)) {
      const path = `/api/v1/repositories/${place}/diff?before=1.0&after=1.0&other=`;
      const [is, never] = [await get(one, path + name), await get(one, path + twinOf(one, name))];
      expect([is.status, formOf(is, name)]).toEqual([404, formOf(never, twinOf(one, name))]);
    }
  });

  test("follows what happens in those alone, by a place that was told to somebody else", async () => {
    const authorization = authorizationOf(one);
    const follow = async (query: string) => {
      const stream = await openStream(stack.gateway.url, `/api/v1/events${query}`, {
        "Last-Event-ID": before,
        ...(authorization === null ? {} : { Authorization: authorization }),
      });
      await stream.caughtUp();
      await stream.close();
      expectNothingHidden(one, stream.text());
      return stream.told();
    };
    const wanted = (names: readonly string[]) =>
      HAPPENED.flatMap((action) =>
        ALL.filter((name) => names.includes(name)).map((name) => `${action} ${name}`),
      );
    expect(await follow("")).toEqual(wanted(known));
    for (const team of ["alpha", "beta", "sealed", "nobodys"])
      expect(await follow(`?team=${team}`)).toEqual(
        wanted(known.filter((name) => teamOf(name) === team)),
      );
    for (const name of [hidden[0], hidden.at(-1), known[0]])
      if (name !== undefined)
        expect(await follow(`?repository=${name}`)).toEqual(
          wanted(known.filter((other) => other === name)),
        );
  });

  test("is told all of each of those", async () => {
    for (const name of known) {
      const stands = STANDING.includes(name);
      const summary = await json<object>(one, `/api/v1/repositories/${name}/summary`);
      expect(summary).toMatchObject({
        ...{ name, team: teamOf(name), tags: stands ? 2 : 0, pulls: pullsOf(name) },
        ...{ size: stands ? 2 * BYTES_OF_IMAGE : 0, description: `about ${name}` },
      });
      const tags = await pages(one, `/repositories/${name}/tags?sort=name`);
      expect(tags.map((tag) => tag.name)).toEqual(stands ? ["1.0", "2.0"] : []);
      const history = await pages(one, `/repositories/${name}/tags/1.0/history`);
      expect(history.map(({ repository }) => repository)).toEqual([name, name]);
      const { days } = await json<{ days: Listed[] }>(
        one,
        `/api/v1/repositories/${name}/pull-days?days=1`,
      );
      expect(days).toMatchObject([{ pulls: pullsOf(name) }]);
      expect(await pages(one, `/repositories/${name}/referrers`)).toEqual([]);
      if (stands)
        expect(await json(one, `/api/v1/repositories/${name}/inspect?of=1.0`)).toMatchObject({
          repository: name,
        });
      expect(await json(one, `/api/v1/repositories/${name}`)).toMatchObject({
        pulls: pullsOf(name),
      });
      expect(await json(one, `/api/v1/explain?action=pull&repository=${name}`)).toMatchObject({
        allow: true,
      });
      const whoCan = await get(one, `/api/v1/who-can?repository=${name}`);
      expect([name, whoCan.status]).toEqual([name, one.login === null ? 401 : 200]);
      if (whoCan.status === 200) expect(jsonOf(whoCan)).toMatchObject({ repository: name });
    }
  });

  test("cannot tell one that is hidden from one that never was, nor is the registry asked of either", async () => {
    const token = await registryToken(one, ["registry:catalog:*"]);
    const seenBefore = stack.registry.seen.length;
    for (const [index, name] of hidden.entries()) {
      const twin = twinOf(one, name);
      // Every third, others of the next repository: all of a name's neighbours are asked for all.
      for (const [place, path] of PATHS.entries()) {
        if ((index + place) % 3 !== 0 || (!name.includes("/") && place >= OF_ARTIFACTS)) continue;
        const [is, never] = await Promise.all([get(one, path(name)), get(one, path(twin))]);
        if (path === explainPath) {
          // Administrators are told of all rules, some of which are about one of the names alone.
          expect(decisionIn(is, name)).toEqual(decisionIn(never, twin));
          continue;
        }
        expect(formOf(is, name)).toEqual(formOf(never, twin));
        expect([401, 403, 404]).toContain(is.status);
      }
      const path = (of: string) => `/v2/${of}/manifests/${index % 2 === 0 ? "1.0" : common}`;
      const method = index % 4 < 2 ? "GET" : "HEAD";
      expect(formOf(await withToken(token, path(name), method), name)).toEqual(
        formOf(await withToken(token, path(twin), method), twin),
      );
    }
    expect(stack.registry.seen.slice(seenBefore).map(({ target }) => target)).toEqual([]);
  });
});

const inTeam = (name: string, rest: string) => `/teams/${name.replace("/", "/artifacts/")}${rest}`;

const explainPath = (name: string) => `/api/v1/explain?action=pull&repository=${name}`;

/** Where one can ask for a repository by its name. */
const PATHS: readonly ((name: string) => string)[] = [
  (name) => `/api/v1/repositories/${name}`,
  (name) => `/api/v1/repositories/${name}/summary`,
  (name) => `/api/v1/repositories/${encodeURIComponent(name)}/tags`,
  (name) => `/api/v1/repositories/${name}/tags?sort=version&limit=1`,
  (name) => `/api/v1/repositories/${name}/tags/1.0`,
  (name) => `/api/v1/repositories/${name}/tags/1.0/history`,
  (name) => `/api/v1/repositories/${name}/tags/1.0/scm-source`,
  (name) => `/api/v1/repositories/${name}/pulls`,
  (name) => `/api/v1/refusals?repository=${name}`,
  explainPath,
  (name) => `/api/v1/who-can?repository=${name}`,
  (name) => `/api/v1/repositories/${name}/tags/1.0/contents`,
  (name) => `/api/v1/discovery/findings?repository=${name}`,
  (name) => `/api/v1/repositories/${name}/bases?of=1.0`,
  (name) => `/api/v1/repositories/${name}/built-on?of=${common}`,
  (name) => `/api/v1/repositories/${name}/diff?before=1.0&after=2.0`,
  (name) => `/api/v1/repositories/${name}/in-use`,
  (name) => `/api/v1/repositories/${name}/inspect?of=1.0`,
  (name) => `/api/v1/repositories/${name}/referrer-tree?of=${common}`,
  (name) => `/api/v1/repositories/${name}/referrers`,
  (name) => `/api/v1/repositories/${name}/pull-days?tag=1.0`,
  (name) => inTeam(name, "/tags"),
  (name) => inTeam(name, "/tags/1.0"),
  (name) => inTeam(name, "/tags/1.0/scm-source"),
  (name) => `/v1/repositories/${name}/tags`,
  (name) => `/v1/repositories/${name}/tags/1.0`,
];
/** From there on they are of Pier One, where every repository is a team's. */
const OF_ARTIFACTS = 21;

/** A name as long as that, to which the same rules apply, of a repository that never was. */
function twinOf({ sees }: Somebody, name: string): string {
  const [first = "", ...rest] = name.split("/");
  const candidates = [
    `${name.slice(0, -1)}q`,
    [`${first.slice(0, -1)}q`, ...rest].join("/"),
    ["q".repeat(first.length), ...rest].join("/"),
  ];
  const fits = candidates.find((twin) => !ALL.includes(twin) && !sees.test(twin));
  if (fits === undefined) throw new Error(`there is no twin of ${name}`);
  return fits;
}

/** All of an answer but the name that was asked for, when, and as which request. */
function formOf({ status, headers, body }: Answer, name: string): unknown {
  const id = String(headers["x-request-id"] ?? "none");
  // As a whole: a robot's login has its team in it, too.
  const whole = new RegExp(`(?<![\\w/-])${name.replaceAll("/", "(?:/|%2F)")}(?![\\w/-])`, "g");
  const plain = (text: string) =>
    text
      .replaceAll(id, "ID")
      // The token server of these tests takes no gateway's word for it, and makes one of its own.
      .replaceAll(/(?<="requestId":")[\w-]+/g, "ID")
      .replaceAll(whole, "NAME")
      .replaceAll(`in team ${name.split("/")[0] ?? ""}`, "in team TEAM");
  const { etag, ...rest } = headers;
  const kept = Object.entries(rest).filter(([field]) => !["date", "ratelimit"].includes(field));
  // A validator is of the whole body, the name in it included.
  const validator = body.includes(name) ? typeof etag : etag;
  return { status, validator, headers: plain(JSON.stringify(kept)), body: plain(body.toString()) };
}

function decisionIn(answer: Answer, name: string): unknown {
  const body = Buffer.from(JSON.stringify({ ...(jsonOf(answer) as object), trace: null }));
  return formOf({ status: answer.status, headers: {}, body }, name);
}
