import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { oidcSource } from "#token-server/identity/oidc/oidc.js";
import { readableLog } from "./support/log.js";
import { credentials, faultOf, whoIs } from "./support/logins.js";
import { testIssuer, type TestIssuer } from "./support/oidc-issuer.js";
import { KUBERNETES_CLAIMS } from "./support/platforms.js";

const KUBELET = join(REPOSITORY_ROOT, "deploy/kubernetes/kubelet");
const read = (file: string) => readFileSync(join(KUBELET, file), "utf8");
const [section] = (
  parse(
    /^```yaml\n(.*?)^```$/ms.exec(
      readFileSync(join(REPOSITORY_ROOT, "docs/logins/kubelet.md"), "utf8"),
    )?.[1] ?? "",
  ) as { oidc: { audience: string }[] }
).oidc;

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await testIssuer();
});
afterAll(async () => {
  await issuer.stop();
});

/** As kubernetes.io has it: "Kubelet CredentialProvider (v1)". */
function ask(request: object) {
  const { status, stdout, stderr } = spawnSync(join(KUBELET, "wharfinger-credential-provider"), {
    input: JSON.stringify({
      apiVersion: "credentialprovider.kubelet.k8s.io/v1",
      kind: "CredentialProviderRequest",
      ...request,
    }),
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

interface Response {
  readonly apiVersion: string;
  readonly kind: string;
  readonly cacheKeyType: string;
  readonly auth: Readonly<Record<string, { username: string; password: string }>>;
}

async function tokenFor(audience: string): Promise<string> {
  return issuer.token({ ...KUBERNETES_CLAIMS, iss: issuer.url, aud: [audience] });
}

function source() {
  const asked = { issuer: issuer.url, keysFile: undefined };
  const checked = issuerSchema(z.string()).parse({ ...section, ...asked });
  return oidcSource([checked], { now: Date.now, log: readableLog().log });
}

describe("the kubelet", () => {
  test("logs in as the pod's service account with what the program answers, and may not push", async () => {
    const token = await tokenFor("wharfinger-pull");
    const { status, stdout } = ask({
      image: "registry.example.org/alpha/app:1.0",
      serviceAccountToken: token,
    });
    expect(status).toBe(0);
    const { auth, ...rest } = JSON.parse(stdout) as Response;
    expect(rest).toEqual({
      apiVersion: "credentialprovider.kubelet.k8s.io/v1",
      kind: "CredentialProviderResponse",
      cacheKeyType: "Registry",
      cacheDuration: "5m0s",
    });
    expect(Object.keys(auth)).toEqual(["registry.example.org"]);
    const { username = "", password = "" } = auth["registry.example.org"] ?? {};
    const login = await source().verify(credentials(username, password));
    expect(whoIs(login)).toBe("/kubelet/k8s:alpha:deployer");
    expect(login).toMatchObject({ identity: { kind: "oidc", scopes: [] }, teams: null });
  });

  test("does not log in with a token that a pod asked for to push", async () => {
    const token = await tokenFor("wharfinger");
    expect(await faultOf(source().verify(credentials("oidc", token)))).toMatch(/^UNAUTHORIZED/);
  });

  test("is given nothing, and shown no token, where the request is no right one", async () => {
    const token = await tokenFor("wharfinger-pull");
    for (const request of [
      { image: "registry.example.org/alpha/app" },
      { serviceAccountToken: token },
      { image: 'x","y":"/alpha/app', serviceAccountToken: token },
      { image: "registry.example.org/alpha/app", serviceAccountToken: `${token}"}` },
    ]) {
      const { status, stdout, stderr } = ask(request);
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).not.toContain(token);
    }
  });

  test("asks for the audience that the login wants, by leave of the cluster", () => {
    const { providers } = parse(read("credential-provider.yaml")) as {
      providers: { name: string; tokenAttributes: { serviceAccountTokenAudience: string } }[];
    };
    expect(providers.map(({ name }) => name)).toEqual(["wharfinger-credential-provider"]);
    expect(providers[0]?.tokenAttributes.serviceAccountTokenAudience).toBe(section?.audience);
    const [role] = parseAllDocuments(read("audience.yaml")).map((one) => one.toJS() as unknown);
    expect(role).toMatchObject({
      kind: "ClusterRole",
      rules: [
        {
          apiGroups: [""],
          resources: [section?.audience],
          verbs: ["request-serviceaccounts-token-audience"],
        },
      ],
    });
  });
});
