import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { makeImage } from "#tests/support/oci-layout.js";
import { scenario } from "#tests/support/scenario.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { runWharf } from "./cli/support/run-wharf.js";

const SERVICE = "shop.example.org";
const OF_APP = "apps/shop/web:1.0";
const OF_ALICE = "users/alice/tool:1.0";

let stack: TestStack;
let folder: TemporaryFolder;
let images = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  const policyFile = join(folder.path, "policy.yaml");
  await writeFile(policyFile, "rules: opensvc\n");
  stack = await startTestStack({ env: { POLICY_FILE: policyFile, ADMIN_TEAMS: "beta" } });
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

async function wharf(token: string, words: readonly string[]) {
  const known = { PATH: process.env["PATH"], HOME: folder.path, DATA_DIR: stack.dataDir };
  return runWharf(words, { ...known, WHARF_URL: stack.url, WHARF_TOKEN: token });
}
async function asBob(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await wharf("bob-token", words);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return stdout;
}
/** @returns the secret that `wharf` shows once */
async function secretOf(...words: string[]): Promise<string> {
  const { stdout } = await wharf("alice-token", ["services", ...words, "-o", "json"]);
  return (JSON.parse(stdout) as { secret: string }).secret;
}
async function push(login: string, name: string): Promise<{ ok: boolean; output: string }> {
  const image = await makeImage(join(folder.path, `image-${(images += 1)}`));
  return skopeo(stack.url, login).push(image, name);
}
const pull = (login: string, name: string) =>
  skopeo(stack.url, login).pull(name, join(folder.path, `pulled-${(images += 1)}`));
const asService = (secret: string) => `service/${SERVICE}:${secret}`;

const part = scenario();

part(
  "nobody pushes before the directory says who may, and they are told what is missing",
  async () => {
    const refused = await push("alice-token", OF_APP);
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("403 (Forbidden)");
    const { stdout } = await wharf("alice-token", ["explain", "push", "apps/shop/web"]);
    expect(stdout).toContain("needs the privilege Pusher");
  },
);

part(
  "who is in the directory, and has the privilege, pushes below their name and their team's application",
  async () => {
    await asBob("directory", "user", "/employees/alice");
    await asBob("apps", "set", "shop", "--responsible", "alpha", "--published", "alpha");
    await asBob("privileges", "give", "Pusher", "alpha");
    await asBob("privileges", "give", "Puller", "alpha");
    expect(await asBob("apps", "list")).toMatch(/\tshop\talpha\talpha/);
    expect(await asBob("privileges", "list")).toMatch(/Pusher\talpha/);
    expect(await push("alice-token", OF_APP)).toMatchObject({ ok: true });
    expect(await push("alice-token", OF_ALICE)).toMatchObject({ ok: true });
    expect((await push("alice-token", "global/base:1.0")).ok).toBe(false);
    expect((await pull("bob-token", OF_ALICE)).ok).toBe(false);
  },
);

part(
  "a service pulls what is its application's, and nothing else, with a secret that is rotated",
  async () => {
    const first = await secretOf("create", SERVICE, "--app", "shop");
    expect(await pull(asService(first), OF_APP)).toMatchObject({ ok: true });
    expect((await push(asService(first), "apps/shop/web:2.0")).ok).toBe(false);
    expect((await pull(asService(first), OF_ALICE)).ok).toBe(false);
    const second = await secretOf("rotate", SERVICE);
    expect((await pull(asService(first), OF_APP)).ok).toBe(false);
    expect(await pull(asService(second), OF_APP)).toMatchObject({ ok: true });
    expect((await wharf("alice-token", ["services", "list"])).stdout).toContain(SERVICE);
  },
);

part("a privilege that is taken away counts for the next token", async () => {
  await asBob("privileges", "take", "Pusher", "alpha");
  expect((await push("alice-token", "apps/shop/web:3.0")).ok).toBe(false);
  const { stdout } = await wharf("alice-token", ["explain", "push", "apps/shop/web"]);
  expect(stdout).toContain("needs the privilege Pusher");
});
