import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "#local/processes/run-program.js";
import { DOCKER_IMAGE, registryClient } from "#tests/support/registry-client.js";
import { scenario } from "#tests/support/scenario.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const { docker } = testTools();
if (typeof docker === "string") console.warn(`SKIPPED: docker's stored login: ${docker}`);
const describeWithDocker = typeof docker === "string" ? describe.skip : describe;

let stack: TestStack;
let folder: TemporaryFolder;
let host: string;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  host = new URL(stack.url).host;
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

/** The client alone: these commands ask the registry themselves, without an engine. */
function run(...words: string[]) {
  if (typeof docker === "string") throw new Error(docker);
  const { file, env } = docker.client;
  const nowhere = `unix://${join(folder.path, "no-engine.sock")}`;
  const args = ["--host", nowhere, "--config", folder.path, ...words];
  const options = { timeoutMs: 60_000 };
  return runProgram({ file, args, env: { ...process.env, ...env } }, options);
}

async function stored(): Promise<string> {
  const config = JSON.parse(await readFile(join(folder.path, "config.json"), "utf8")) as {
    auths: Record<string, { identitytoken?: string }>;
  };
  return config.auths[host]?.identitytoken ?? "";
}

describeWithDocker("after docker login", () => {
  const part = scenario();

  part("docker's manifest commands create, annotate, push and inspect a list", async () => {
    const client = registryClient(stack.url, "alice-token");
    await client.push("alpha/list", "amd64", "one", DOCKER_IMAGE);
    await client.push("alpha/list", "arm64", "another", DOCKER_IMAGE);
    expect(await run("login", "-u", "oauth2", "-p", "alice-token", host)).toMatchObject({
      ok: true,
    });
    expect(await stored()).toMatch(/^wharf_rt_/);
    const [list, amd64, arm64] = ["1.0", "amd64", "arm64"].map(
      (tag) => `${host}/alpha/list:${tag}`,
    );
    const names = [list ?? "", amd64 ?? "", arm64 ?? ""];
    expect(await run("manifest", "create", "--insecure", ...names)).toMatchObject({ ok: true });
    const annotate = ["annotate", "--arch", "arm64", "--os", "linux", list ?? "", arm64 ?? ""];
    expect(await run("manifest", ...annotate)).toMatchObject({ ok: true });
    expect(await run("manifest", "push", "--insecure", list ?? "")).toMatchObject({ ok: true });
    const inspected = await run("manifest", "inspect", "--insecure", list ?? "");
    expect(inspected.output).toContain('"architecture": "arm64"');
  });

  part("the owner sees which of docker's names used the login", async () => {
    const answer = await fetch(`${stack.url}/api/v1/refresh-tokens`, {
      headers: { authorization: `Basic ${Buffer.from(`x:${await stored()}`).toString("base64")}` },
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      refreshTokens: [{ clientId: "docker", usedBy: expect.arrayContaining(["registry-client"]) }],
    });
  });
});
