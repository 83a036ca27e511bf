import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { View } from "#access-policy/view.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

/** By path component, as registries walk through folders. */
const ALL = [
  ...["alpha", "alpha/app", "alpha/app/below", "alpha/app-more", "alpha/secret"],
  ...["alpha-2/app", "beta/app", "beta/secret"],
];

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: UpstreamDouble;
let gateway: TestGateway;

beforeAll(async () => {
  ledger = await startLedger();
  authority = await startTokenAuthority();
  registry = await startUpstream((req, res) => {
    const asked = new URL(req.url ?? "", "http://registry").searchParams;
    const from = ALL.indexOf(asked.get("last") ?? "") + 1;
    // Pages of two, whatever is asked for.
    const repositories = ALL.slice(from, from + 2);
    if (from + 2 < ALL.length) res.setHeader("Link", `</v2/_catalog?last=x>; rel="next"`);
    res.end(JSON.stringify({ repositories }));
  });
  gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
    db: ledger.open(),
  });
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
  await authority.server.stop();
  await ledger.stop();
});

const seeing = (rules: readonly string[], limits: readonly string[] | null = null): View => ({
  ...{ rules, limits },
  values: { team: ["alpha"] },
});
const tokenOf = async (extra: object, access: readonly object[] = []) =>
  `Bearer ${await authority.sign({ access: access as [], extra: { ...extra } })}`;

async function get(authorization: string, query = ""): Promise<Answer> {
  const headers = { Authorization: authorization };
  return ask(gateway.url, `/v2/_catalog${query}`, { headers });
}
const namesIn = ({ body }: Answer) =>
  (JSON.parse(body.toString()) as { repositories: string[] }).repositories;

async function allOf(view: View, n: number): Promise<{ names: string[]; links: string }> {
  const authorization = await tokenOf({ view });
  const names: string[] = [];
  let [query, links]: [string | null, string] = [`?n=${n}`, ""];
  while (query !== null) {
    const answer = await get(authorization, query);
    expect(answer.status).toBe(200);
    names.push(...namesIn(answer));
    const link = String(answer.headers["link"] ?? "");
    links += link;
    query = /<[^>?]*(\?[^>]+)>/.exec(link)?.[1] ?? null;
  }
  return { names, links };
}

describe.each(["registry", "ledger"])("of the %s, the catalog", (source) => {
  beforeAll(async () => {
    await ledger.clear();
    if (source === "registry") return;
    await ledger.db.query("insert into ledger.repository (name) select unnest($1::text[])", [
      [...ALL].reverse(),
    ]);
    await ledger.db.query("insert into ledger.discovery (catalog_at) values (now())");
  });

  // prettier-ignore
  test.each<[string, View, readonly string[]]>([
    ["everything", seeing(["+**"]), ALL],
    ["all but what is denied", seeing(["-**/secret", "+**"]), ALL.filter((name) => !name.endsWith("secret"))],
    ["the caller's team alone", seeing(["+${team}/**"]), ["alpha/app", "alpha/app/below", "alpha/app-more", "alpha/secret"]],
    ["several namespaces", seeing(["+beta/*", "+alpha/app", "+alpha-2/**"]), ["alpha/app", "alpha-2/app", "beta/app", "beta/secret"]],
    ["what a robot was given", seeing(["+**"], ["beta/app"]), ["beta/app"]],
    ["nothing", seeing([]), []],
  ])("shows %s, however it is paged, and names nothing else in a Link", async (_title, view, names) => {
    for (const n of [1, 2, 3, 100]) {
      const seen = await allOf(view, n);
      expect(seen.names).toEqual(names);
      for (const hidden of ALL.filter((name) => !names.includes(name)))
        expect(decodeURIComponent(seen.links)).not.toContain(`last=${hidden}&`);
    }
  });

  test("starts after a name that the caller may not know of, and says nothing of it", async () => {
    const authorization = await tokenOf({ view: seeing(["+beta/app"]) });
    const known = await get(authorization, "?last=alpha/secret");
    const unknown = await get(authorization, "?last=alpha/nothing");
    expect([namesIn(known), namesIn(unknown)]).toEqual([["beta/app"], ["beta/app"]]);
    expect(known.headers["link"]).toBeUndefined();
  });
});

describe("a token", () => {
  test("that grants the catalog and says nothing of what may be pulled is sent back for one that does", async () => {
    const catalog = { type: "registry", name: "catalog", actions: ["*"] };
    const answer = await get(await tokenOf({ view: undefined }, [catalog]));
    expect(answer.status).toBe(401);
    expect(String(answer.headers["www-authenticate"])).toContain('scope="registry:catalog:*"');
  });

  test("whose view did not fit into it is answered 503, and not as one that sees nothing", async () => {
    const answer = await get(await tokenOf({ view: null }));
    expect([answer.status, errorOf(answer).code]).toEqual([503, "UNAVAILABLE"]);
  });

  test.each([
    { rules: ["**"] },
    "no view",
    { rules: ["+a//b"], values: {}, limits: null },
    { rules: ["+**"], values: {}, limits: "beta" },
  ])("with %j for a view is none", async (view) => {
    expect((await get(await tokenOf({ view }))).status).toBe(401);
  });
});
