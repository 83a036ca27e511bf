import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runProgram, type Outcome } from "#local/processes/run-program.js";
import type { Tool } from "#local/testing/test-tools.js";
import { startDockerEngine } from "#tests/support/docker-engine.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const { buildah, podman } = testTools();
// Started before the tests are listed, because whether they run depends on it.
const engine = await startDockerEngine();
for (const reason of [buildah, podman, engine])
  if (typeof reason === "string") console.warn(`SKIPPED: tests with other clients: ${reason}`);

let stack: TestStack;
let folder: TemporaryFolder;
let host: string;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  host = new URL(stack.url).host;
  await mkdir(at("context"));
  await mkdir(at("home/.config/containers"), { recursive: true });
  await writeFile(at("context/Dockerfile"), "FROM scratch\nCOPY content /content\n");
  await writeFile(at("context/content"), "content");
  // Not all of podman's verbs take the file by an option; a machine may have none of its own.
  await writeFile(
    at("home/.config/containers/policy.json"),
    JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
  );
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
  if (typeof engine !== "string") await engine.stop();
});

describe("containerd's client", () => {
  const testWithEngine = typeof engine === "string" ? test.skip : test;
  testWithEngine("pulls with POST and pushes what it pulled, where it may", async () => {
    if (typeof engine === "string") return;
    await engine.login(host, "oauth2:alice-token");
    await engine.build(`${host}/alpha/ctr:1.0`, "content");
    expect(await engine.docker("push", `${host}/alpha/ctr:1.0`)).toMatchObject({ ok: true });
    const as = (user: string) => ["--plain-http", "--user", user];
    const pull = await engine.ctr(
      "images",
      "pull",
      ...as("oauth2:bob-token"),
      `${host}/alpha/ctr:1.0`,
    );
    expect(pull).toMatchObject({ ok: true });
    await engine.ctr("images", "tag", `${host}/alpha/ctr:1.0`, `${host}/alpha/ctr:2.0`);
    const push = (user: string) =>
      engine.ctr("images", "push", ...as(user), `${host}/alpha/ctr:2.0`);
    expect((await push("oauth2:bob-token")).ok).toBe(false);
    expect(await push("oauth2:alice-token")).toMatchObject({ ok: true });
  });
});

describe("the clients of the containers project", () => {
  const testWith = typeof buildah === "string" || typeof podman === "string" ? test.skip : test;
  testWith(
    "buildah and podman build, log in, push and pull, and learn why they may not",
    async () => {
      if (typeof buildah === "string" || typeof podman === "string") return;
      const image = `${host}/alpha/buildah:1.0`;
      expect(
        await run(buildah, "bud", "--isolation", "chroot", "-t", image, at("context")),
      ).toMatchObject({ ok: true });
      const auth = ["--authfile", at("auth.json"), "--tls-verify=false"];
      const login = (user: string, token: string) =>
        run(podman, "login", ...auth, "-u", user, "-p", token, host);
      expect(await login("oauth2", "alice-token")).toMatchObject({ ok: true });
      expect(await run(buildah, "push", ...auth, image)).toMatchObject({ ok: true });
      expect(
        await run(podman, "push", ...auth, image, `docker://${host}/alpha/podman:1.0`),
      ).toMatchObject({ ok: true });
      expect(await login("oauth2", "bob-token")).toMatchObject({ ok: true });
      expect(await run(podman, "pull", ...auth, `${host}/alpha/podman:1.0`)).toMatchObject({
        ok: true,
      });
      const refused = await run(
        podman,
        "push",
        ...auth,
        image,
        `docker://${host}/alpha/podman:2.0`,
      );
      expect(refused.ok).toBe(false);
      expect(refused.output).toContain("bob is not in team alpha");
    },
  );
});

function at(name: string): string {
  return join(folder.path, name);
}

function run(tool: Tool, ...args: string[]): Promise<Outcome> {
  const store = ["--root", at("store"), "--runroot", at("run"), "--storage-driver", "vfs"];
  return runProgram(
    {
      file: tool.file,
      args: [...store, ...args],
      env: { ...process.env, ...tool.env, HOME: at("home") },
    },
    { timeoutMs: 180_000 },
  );
}
