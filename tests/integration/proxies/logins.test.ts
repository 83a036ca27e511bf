import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { envReader } from "#service-kit/config.js";
import { jsonFetcher } from "#service-kit/http/fetch-json.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { readProxies } from "#service-kit/http/proxies.js";
import { authenticate } from "#token-server/identity/authenticate.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { readLogins } from "#token-server/logins/config.js";
import { createIdentitySources } from "#token-server/logins/create-identity-sources.js";
import { startForwardProxy, type TestForwardProxy } from "#tests/support/forward-proxy.js";
import { trustedFronts, type TlsFront, type TrustedFronts } from "#tests/support/tls-front.js";
import { z } from "zod";
import { jsonService, type JsonService } from "../logins/support/json-service.js";
import { readableLog } from "../logins/support/log.js";
import { credentials, faultOf, whoIs } from "../logins/support/logins.js";
import { testIssuer, type TestIssuer } from "../logins/support/oidc-issuer.js";

const CREDENTIALS = "token-server:hunter-2-nobody-may-see";
const NAMES = ["tokeninfo", "teams", "machines"].map((name) => `${name}.example.org`);

let service: JsonService;
let issuer: TestIssuer;
let fronts: TrustedFronts;
let front: TlsFront;
let ofIssuer: TlsFront;
let proxy: TestForwardProxy;
let closing: (() => void)[];

beforeAll(async () => {
  fronts = await trustedFronts();
  issuer = await testIssuer();
  service = await jsonService(({ path }) => {
    if (path === "/tokeninfo") return { status: 200, body: { uid: "alice", realm: "/employees" } };
    if (path === "/api/accounts/aws") return { status: 200, body: [{ name: "alpha" }] };
    return { status: 200, body: {} };
  });
  const portOf = ({ url }: { url: string }) => Number(new URL(url).port);
  front = await fronts.before(portOf(service), NAMES);
  ofIssuer = await fronts.before(portOf(issuer), ["issuer.example.org"]);
  const url = issuerUrl();
  issuer.discovery = { issuer: url, jwks_uri: `${url}/keys` };
});
beforeEach(async () => {
  proxy = await startForwardProxy(CREDENTIALS);
  closing = [];
});
afterEach(async () => {
  for (const close of closing) close();
  await proxy.stop();
});
afterAll(async () => {
  fronts.forget();
  await Promise.all([front.stop(), ofIssuer.stop(), service.stop(), issuer.stop()]);
});

const issuerUrl = () => `https://issuer.example.org:${ofIssuer.port}`;
const at = (name: string) => `https://${name}.example.org:${front.port}`;

/** Logs in by one kind of login. @returns who it is, and in which teams */
function logIns(env: Record<string, string>) {
  const connections = outgoing(readProxies(envReader(env)));
  closing.push(() => {
    connections.close();
  });
  const oidc = { issuer: issuerUrl(), audience: "wharfinger", require: "anybody", uid: "sub" };
  const { sources, teams } = createIdentitySources(
    {
      tokeninfoUrl: `${at("tokeninfo")}/tokeninfo`,
      teamServiceUrl: at("teams"),
      iidinfoUrl: `${at("machines")}/iidinfo`,
      logins: {
        ...readLogins(null),
        oidc: [issuerSchema(z.string()).parse(oidc)],
        sharedRealms: ["/employees", "/services"],
      },
    },
    { robots: null, now: Date.now, log: readableLog().log, fetchJson: jsonFetcher(connections) },
  );
  const identities = { current: () => ({ sources }) };
  const deps = { identities, allowPublicRead: false, unrestricted: false };
  const by = (name: string, password: string) => authenticate(deps, credentials(name, password));
  return {
    tokeninfo: async () => whoIs(await by("oauth2", "opaque")),
    teams: async () => (await teams.teamsOf(await by("oauth2", "opaque"))).join(),
    machines: async () => whoIs(await by("instance-identity-document", "a document")),
    issuer: async () =>
      whoIs(
        await by("oidc", await issuer.token({ iss: issuerUrl(), sub: "ci", aud: "wharfinger" })),
      ),
  };
}

const KINDS = [
  ["tokeninfo", "/employees/alice", ["tokeninfo"]],
  ["teams", "alpha", ["tokeninfo", "teams"]],
  ["machines", "/machines/machine", ["machines"]],
  ["issuer", "/services/ci", ["issuer"]],
] as const;

describe.each(KINDS)("what a login asks of %s", (kind, who, names) => {
  test("goes by the proxy", async () => {
    expect(await logIns({ HTTPS_PROXY: proxy.url() })[kind]()).toBe(who);
    const asked = new Set(proxy.asked.map((line) => /^CONNECT (\w+)\./.exec(line)?.[1]));
    expect(asked).toEqual(new Set(names));
  });

  test("goes past it with NO_PROXY", async () => {
    const env = { HTTPS_PROXY: proxy.url(), NO_PROXY: "example.org" };
    expect(await faultOf(logIns(env)[kind]())).toMatch(/^UNAVAILABLE: /);
    expect(proxy.asked).toEqual([]);
  });

  test.each([403, 407, "close"] as const)(
    "is not decided when the proxy does not let it through: %s",
    async (obstacle) => {
      proxy.meet(obstacle);
      const ask = logIns({ HTTPS_PROXY: proxy.url() })[kind];
      const failure: unknown = await ask().catch((error: unknown) => error);
      const told = inspect(failure, { depth: 9, showHidden: true });
      expect(failure).toMatchObject({ code: "UNAVAILABLE" });
      expect((failure as Error).message).toMatch(/ is unavailable, try again$/);
      expect(told).toContain(`through the proxy ${proxy.name}`);
      expect(told).not.toContain("nobody-may-see");
    },
  );
});
