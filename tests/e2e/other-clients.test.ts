import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runProgram, type Outcome } from "#local/processes/run-program.js";
import type { Tool } from "#local/testing/test-tools.js";
import { startDockerEngine } from "#tests/support/docker-engine.js";
import { eventually } from "#tests/support/eventually.js";
import { makeImage } from "#tests/support/oci-layout.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const { buildah, podman, skopeo } = testTools();
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
  if (typeof engine !== "string") await engine.stop();
  await stack.stop();
  await folder.remove();
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
    const refused = await push("oauth2:bob-token");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("403 Forbidden: may not push to this repository");
    expect(await push("oauth2:alice-token")).toMatchObject({ ok: true });
  });
});

describe("a refused push is made once, and its reason read in one line", () => {
  const testWithEngine = typeof engine === "string" ? test.skip : test;
  const testWith = typeof buildah === "string" || typeof podman === "string" ? test.skip : test;

  testWithEngine(
    "by containerd's client, which prints the status line alone, and docker",
    async () => {
      if (typeof engine === "string") return;
      await engine.login(host, "oauth2:alice-token");
      const [held, other] = [`${host}/alpha/refused-ctr:1.0`, `${host}/alpha/refused-ctr:2.0`];
      for (const name of [held, other]) {
        await engine.build(name, name);
        expect(await engine.docker("push", name)).toMatchObject({ ok: true });
      }
      const as = ["--plain-http", "--user", "oauth2:alice-token"];
      await engine.ctr("images", "pull", ...as, other);
      await engine.ctr("images", "tag", "--force", other, held);
      const before = await refusedPuts();
      const byCtr = await engine.ctr("images", "push", ...as, held);
      expect(byCtr.ok).toBe(false);
      expect(byCtr.output).toContain("409 Conflict: tag already exists");
      await expectRefusedPuts(before + 1);
      await engine.build(held, "changed");
      const byDocker = await engine.docker("push", held);
      expect(byDocker.output.trim().split("\n").at(-1)).toMatch(/^denied: tag already exists/);
      await expectRefusedPuts(before + 2);
    },
  );

  testWith("by skopeo, podman and buildah", async () => {
    if (typeof buildah === "string" || typeof podman === "string") return;
    const credentials = ["--creds", "oauth2:alice-token", "--tls-verify=false"];
    const name = `docker://${host}/alpha/refused:1.0`;
    const made = await Promise.all(
      ["held", "other"].map((image) => makeImage(at(`layout-${image}`), [64])),
    );
    const [held, other] = made.map(({ path }) => `oci:${path}:image`) as [string, string];
    const copy = (from: string) =>
      runProgram(
        {
          file: skopeo.file,
          args: [
            ...["--insecure-policy", "copy", "--dest-tls-verify=false"],
            ...["--dest-creds", "oauth2:alice-token", from, name],
          ],
          env: { ...process.env, ...skopeo.env },
        },
        { timeoutMs: 180_000 },
      );
    expect(await copy(held)).toMatchObject({ ok: true });
    expect(
      await run(buildah, "bud", "--isolation", "chroot", "-t", "refused", at("context")),
    ).toMatchObject({ ok: true });
    const before = await refusedPuts();
    const attempts = [
      await copy(other),
      await run(podman, "push", ...credentials, "refused", name),
      await run(buildah, "push", ...credentials, "refused", name),
    ];
    for (const { ok, output } of attempts) {
      expect(ok).toBe(false);
      const lines = output.split("\n").filter((line) => line.includes("tag already exists"));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/uploading manifest 1\.0 to \S+: denied: tag already exists/);
      expect(lines[0]).not.toContain("attempted the following formats");
    }
    await expectRefusedPuts(before + attempts.length);
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

  testWith(
    "podman searches what it may pull, also for tags, and nothing without a login",
    async () => {
      if (typeof podman === "string") return;
      const image = await makeImage(at("layout-searched"), [64]);
      const to = `docker://${host}/alpha/searched:1.0`;
      const auth = ["--authfile", at("searching.json"), "--tls-verify=false"];
      const copy = ["--insecure-policy", "copy", "--dest-tls-verify=false"];
      const env = { ...process.env, ...skopeo.env };
      const args = [...copy, "--dest-creds", "oauth2:alice-token", `oci:${image.path}:image`, to];
      expect(await runProgram({ file: skopeo.file, args, env })).toMatchObject({ ok: true });
      const search = (...asked: string[]) => run(podman, "search", ...auth, ...asked);
      const before = await search(`${host}/searched`);
      expect(before.stdout).not.toContain("alpha/searched");
      const login = ["-u", "oauth2", "-p", "bob-token", host];
      expect(await run(podman, "login", ...auth, ...login)).toMatchObject({ ok: true });
      const found = await search(`${host}/searched`);
      expect(found).toMatchObject({ ok: true });
      expect(found.stdout).toContain(`${host}/alpha/searched`);
      expect((await search(`${host}/nothing-like-it`)).stdout).not.toContain("alpha/");
      const tags = await search("--list-tags", `${host}/alpha/searched`);
      expect(tags.stdout).toMatch(/alpha\/searched +1\.0/);
    },
  );
});

/** @returns how many pushes the gateway has refused with 409 so far, by its log */
async function refusedPuts(): Promise<number> {
  const lines = (await readFile(join(stack.dataDir, "logs", "gateway.log"), "utf8")).split("\n");
  return lines.filter((line) => line.includes('"event":"push.refused"')).length;
}

/** The log is written a moment after the answer. */
async function expectRefusedPuts(count: number): Promise<void> {
  await eventually(
    `${count} refused pushes in the log`,
    async () => (await refusedPuts()) >= count,
  );
  expect(await refusedPuts()).toBe(count);
}

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
