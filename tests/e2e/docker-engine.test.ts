import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { startDockerEngine, type DockerEngine } from "#tests/support/docker-engine.js";
import { scenario } from "#tests/support/scenario.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { testTools } from "#tests/support/tools.js";

// Started before the tests are listed, because whether they run depends on it.
const engine = await startDockerEngine();
if (typeof engine === "string") console.warn(`SKIPPED: tests with a Docker Engine: ${engine}`);
const describeWithEngine = typeof engine === "string" ? describe.skip : describe;

let stack: TestStack;
let docker: DockerEngine;
let host: string;

afterAll(async () => {
  if (typeof engine !== "string") await engine.stop();
});

describeWithEngine(`Docker Engine on registry ${testTools().registry.version}`, () => {
  beforeAll(async () => {
    if (typeof engine !== "string") docker = engine;
    stack = await startTestStack();
    host = new URL(stack.url).host;
  });
  afterAll(() => stack.stop());

  const image = (name: string) => `${host}/${name}`;
  const push = (name: string) => docker.docker("push", image(name));
  const pull = (name: string) => docker.docker("pull", image(name));
  const build = async (name: string, content: string) => {
    expect(await docker.build(image(name), content)).toMatchObject({ ok: true });
  };

  const part = scenario();

  part("cannot push without a login, and is told how to log in", async () => {
    await build("alpha/anonymous:1.0", "a");
    const refused = await push("alpha/anonymous:1.0");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("docker login -u oauth2");
  });

  part("cannot log in with a wrong token", async () => {
    const refused = await docker.login(host, "oauth2:wrong");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("unauthorized");
  });

  part("logs in, pushes and pulls an image built from scratch", async () => {
    expect((await docker.login(host, "oauth2:alice-token")).output).toContain("Login Succeeded");
    await build("alpha/app:1.0", "first");
    expect(await push("alpha/app:1.0")).toMatchObject({ ok: true });
    await docker.docker("rmi", image("alpha/app:1.0"));
    expect((await pull("alpha/app:1.0")).output).toContain("Downloaded newer image");
    expect((await pull("alpha/app")).output).toContain("Downloaded newer image");
  });

  part(
    "pushes the same image again with success, and other content to the same tag without",
    async () => {
      expect(await push("alpha/app:1.0")).toMatchObject({ ok: true });
      await build("alpha/app:1.0", "second");
      const refused = await push("alpha/app:1.0");
      expect(refused.ok).toBe(false);
      expect(refused.output).toContain("tag already exists");
    },
  );

  part("pulls another team's image, and is told why it cannot push there", async () => {
    await docker.login(host, "oauth2:bob-token");
    await docker.docker("rmi", "-f", image("alpha/app:1.0"));
    expect(await pull("alpha/app:1.0")).toMatchObject({ ok: true });
    await build("alpha/app:2.0", "bob's");
    const refused = await push("alpha/app:2.0");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("denied: may not push to alpha/app: bob is not in team alpha");
  });

  part("searches what it may pull, and nothing without a login", async () => {
    const search = (term: string) => docker.docker("search", `${host}/${term}`);
    const found = await search("app");
    expect(found).toMatchObject({ ok: true });
    expect(found.output).toContain("alpha/app");
    expect((await search("nothing-like-it")).output).not.toContain("alpha/app");
    await docker.docker("logout", host);
    const refused = await search("app");
    expect(refused.output).not.toContain("alpha/app");
    expect(refused.ok).toBe(false);
  });

  for (const [login, name, allowed] of [
    ["oauth2:ci-token", "alpha/ci:1.0", true],
    ["oauth2:ci-nowrite-token", "alpha/ci:2.0", false],
    ["oauth2:ci-all-token", "gamma/anything:1.0", true],
    ["instance-identity-document:local-machine-document", "alpha/machine:1.0", false],
  ] as const)
    part(`as ${login} pushes ${name}: ${allowed}`, async () => {
      expect(await docker.login(host, login)).toMatchObject({ ok: true });
      await build(name, login);
      expect((await push(name)).ok).toBe(allowed);
      expect((await pull("alpha/app:1.0")).ok).toBe(true);
    });
});
