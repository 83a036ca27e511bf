import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import bcrypt from "bcryptjs";
import { startDockerEngine } from "#tests/support/docker-engine.js";
import { makeImage } from "#tests/support/oci-layout.js";
import { scenario } from "#tests/support/scenario.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testIssuer, type TestIssuer } from "../integration/logins/support/oidc-issuer.js";

/** One way to log in, and what it lets one do with `alpha/<name>`. */
interface LoginCase {
  readonly name: string;
  /** @returns `user:password` */
  readonly login: () => Promise<string>;
  readonly mayPush: boolean;
}

// Started before the tests are listed, because whether they run depends on it.
const engine = await startDockerEngine();
if (typeof engine === "string") console.warn(`SKIPPED: logins with a Docker Engine: ${engine}`);
const testWithEngine = typeof engine === "string" ? test.skip : test;

let stack: TestStack;
let folder: TemporaryFolder;
let issuer: TestIssuer;

beforeAll(async () => {
  [folder, issuer] = await Promise.all([temporaryFolder(), testIssuer()]);
  const file = join(folder.path, "logins.yaml");
  await writeFile(
    join(folder.path, "users"),
    `carol:${await bcrypt.hash("carol's password", 4)}\n`,
  );
  await writeFile(file, loginsFile(issuer.url));
  stack = await startTestStack({ env: { LOGINS_FILE: file, HTTP_ALLOW_PUBLIC_READ: "true" } });
  if (typeof engine !== "string") {
    const { host } = new URL(stack.url);
    await engine.login(host, "oauth2:alice-token");
    await engine.build(`${host}/alpha/base:1.0`, "base");
    expect(await engine.docker("push", `${host}/alpha/base:1.0`)).toMatchObject({ ok: true });
  }
});
afterAll(async () => {
  await stack.stop();
  await issuer.stop();
  await folder.remove();
  if (typeof engine !== "string") await engine.stop();
});

const secrets = new Set<string>();

const cases: readonly LoginCase[] = [
  { name: "an OAuth token", login: () => Promise.resolve("oauth2:alice-token"), mayPush: true },
  { name: "a pipeline's ID token", login: pipelineLogin, mayPush: true },
  { name: "a robot", login: robotLogin, mayPush: true },
  {
    name: "a password file",
    login: () => Promise.resolve("carol:carol's password"),
    mayPush: true,
  },
  {
    name: "a machine's identity document",
    login: () => Promise.resolve("instance-identity-document:local-machine-document"),
    mayPush: false,
  },
];

const part = scenario();

describe("a login with", () => {
  const useBySkopeo = async (known: (typeof cases)[number]) => {
    const login = secret(await known.login());
    const client = skopeo(stack.url, login);
    if (known.mayPush) expect(await refreshToken(login)).not.toBe("");
    const image = await makeImage(join(folder.path, known.name));
    const name = `alpha/${known.name.replace(/[^a-z]+/gi, "-").toLowerCase()}:1.0`;
    const pushed = await client.push(image, name);
    expect(pushed.ok).toBe(known.mayPush);
    if (!known.mayPush) {
      expect(pushed.output).toMatch(/denied|unauthorized/);
      await skopeo(stack.url, "alice-token").push(image, name);
    }
    expect(await client.pull(name, join(folder.path, `${known.name} copy`))).toMatchObject({
      ok: true,
    });
    expect((await client.push(image, "beta/not-mine:1.0")).ok).toBe(false);
  };
  for (const known of cases)
    part(`${known.name} lets skopeo do what it may, and nothing else`, () => useBySkopeo(known));

  testWithEngine.each(cases)(
    "$name lets docker do what it may, and nothing else",
    async (known) => {
      if (typeof engine === "string") return;
      const image = (name: string) => `${new URL(stack.url).host}/${name}`;
      const name = image(`alpha/docker-${known.name.replace(/[^a-z]+/gi, "-").toLowerCase()}:1.0`);
      expect(await engine.login(new URL(stack.url).host, await known.login())).toMatchObject({
        ok: true,
      });
      await engine.build(name, known.name);
      expect((await engine.docker("push", name)).ok).toBe(known.mayPush);
      await engine.docker("rmi", image("alpha/base:1.0"));
      expect(await engine.docker("pull", image("alpha/base:1.0"))).toMatchObject({ ok: true });
      await engine.docker("tag", name, image("beta/not-mine:1.0"));
      expect((await engine.docker("push", image("beta/not-mine:1.0"))).ok).toBe(false);
    },
  );

  testWithEngine(
    "of nobody lets docker pull, and says in our words why it may not push",
    async () => {
      if (typeof engine === "string") return;
      const { host } = new URL(stack.url);
      await engine.docker("logout", host);
      await engine.docker("rmi", `${host}/alpha/base:1.0`);
      expect(await engine.docker("pull", `${host}/alpha/base:1.0`)).toMatchObject({ ok: true });
      await engine.build(`${host}/alpha/nobody:1.0`, "nobody's");
      const pushed = await engine.docker("push", `${host}/alpha/nobody:1.0`);
      expect(pushed.ok).toBe(false);
      expect(pushed.output).toMatch(
        /unauthorized: may not push to alpha\/nobody: log in to push\s*$/,
      );
    },
  );

  test("a wrong password of any kind is refused with a reason", async () => {
    for (const login of [
      "oauth2:x",
      "carol:x",
      "robot-alpha-x:x",
      "instance-identity-document:x",
    ]) {
      const answer = await skopeo(stack.url, login).inspect("alpha/app:1.0");
      expect(answer).toMatchObject({ ok: false });
      expect(answer.output).toContain("unauthorized");
    }
  });
});

describe("after all of these logins", () => {
  part(
    "no log of any part holds a token, a password, a robot's secret or a refresh token",
    async () => {
      const logs = join(stack.dataDir, "logs");
      const texts = await Promise.all(
        (await readdir(logs)).map((name) => readFile(join(logs, name), "utf8")),
      );
      const everything = `${texts.join("\n")}\n${stack.output()}`;
      expect(everything).toContain("token.issued");
      expect(secrets.size).toBeGreaterThan(5);
      for (const secret of secrets) {
        expect(everything).not.toContain(secret);
        expect(everything).not.toContain(Buffer.from(secret).toString("base64").slice(0, -4));
        expect(everything).not.toContain(encodeURIComponent(secret));
      }
    },
  );
});

/** Remembers what no log may hold. */
function secret<T extends string>(text: T): T {
  secrets.add(text.slice(text.indexOf(":") + 1));
  return text;
}

async function refreshToken(login: string): Promise<string> {
  const answer = await fetch(
    `${stack.url}/token?service=wharfinger&offline_token=true&client_id=docker`,
    {
      headers: { authorization: `Basic ${Buffer.from(login).toString("base64")}` },
    },
  );
  const body = (await answer.json()) as { refresh_token: string; token: string };
  secret(body.token);
  return secret(body.refresh_token);
}

/** As GitHub Actions signs it for a workflow. */
function pipelineLogin(): Promise<string> {
  return issuer
    .token({
      aud: "wharfinger",
      sub: "repo:alpha-inc/app:ref:refs/heads/main",
      repository: "alpha-inc/app",
    })
    .then((token) => `oauth2:${token}`);
}

let robots = 0;

async function robotLogin(): Promise<string> {
  const answer = await fetch(`${stack.url}/api/v1/teams/alpha/robots`, {
    method: "POST",
    headers: { authorization: "Bearer alice-token", "content-type": "application/json" },
    body: JSON.stringify({
      name: `ci-${(robots += 1)}`,
      grants: [{ repositories: "alpha/**", actions: ["pull", "push"] }],
    }),
  });
  const { robot, secret } = (await answer.json()) as { robot: { login: string }; secret: string };
  return `${robot.login}:${secret}`;
}

function loginsFile(issuerUrl: string): string {
  return `
oidc:
  - issuer: ${issuerUrl}
    audience: wharfinger
    require:
      repository: alpha-inc/*
    uid: github:\${repository}
    scopes: [application.write]
    teams:
      - claim: repository
        map:
          alpha-inc/app: [alpha]
htpasswd:
  file: users
teams:
  alpha: [/employees/carol]
sharedRealms: [/employees, /services]
`;
}
