import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { runProgram } from "#local/processes/run-program.js";
import { eventually } from "#tests/support/eventually.js";
import { localCommand } from "#tests/support/local-command.js";
import { makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let stack: TestStack;
let folder: TemporaryFolder;
let foreign: OciLayout;

beforeAll(async () => {
  // Only the command makes passes.
  const env = { DISCOVERY_SECONDS: "0" };
  [stack, folder] = await Promise.all([startTestStack({ env }), temporaryFolder()]);
  const alice = skopeo(stack.url, "alice-token");
  const image = await makeImage(join(folder.path, "image"));
  foreign = await makeImage(join(folder.path, "foreign"));
  for (const tag of ["1.0", "1.1", "1.2"])
    expect(await alice.push(image, `alpha/app:${tag}`)).toMatchObject({ ok: true });
  expect(await alice.push(foreign, "alpha/app:foreign")).toMatchObject({ ok: true });
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

test("npm run discover reports a write past the gateway at once, wherever the last slice ended", async () => {
  expect(await discover("--slice")).toMatchObject({ ok: true });
  await writeAtRegistry("1.0", foreign.digest);
  const slice = await discover("--slice");
  expect(slice).toMatchObject({ ok: true });
  expect(slice.stdout).toContain("4 at the registry, 1 compared, 3 not compared\n");

  for (const args of [["--all", "--dry-run"], []]) {
    const { ok, stdout } = await discover(...args);
    expect({ ok, stdout }).toMatchObject({ ok: false });
    expect(stdout).toContain("4 at the registry, 4 compared\n");
    expect(stdout).toContain(`! alpha/app:1.0 is ${foreign.digest} at the registry`);
  }
});

test("npm run discover takes --all and --slice not together", async () => {
  const { ok, output } = await discover("--all", "--slice");
  expect(ok).toBe(false);
  expect(output).toContain("--all and --slice: only one of them");
});

test("npm run discover asks as fast as it is told to, and takes no other word for a number", async () => {
  const seconds = async (...args: string[]) => {
    const { stdout } = await discoverWith({ DISCOVERY_RATE: "1" }, "--dry-run", ...args);
    return Number(/^seconds +([\d.]+)$/m.exec(stdout)?.[1]);
  };
  const slow = await seconds();
  expect(slow).toBeGreaterThan(0);
  expect(await seconds("--rate", "1000")).toBeLessThan(slow);
  for (const rate of ["0", "fast", "100001"]) {
    const { ok, output } = await discover("--rate", rate);
    expect(ok).toBe(false);
    expect(output).toContain(`--rate: given ${rate}, wanted a number from 1 to 100000`);
  }
});

test("npm run discover says who is at it, and waits for them when it is told to", async () => {
  const WHOLE = "4 at the registry, 4 compared\n";
  // Each takes three seconds and more; which of two is first, and whether they meet, is the machine's matter.
  const two = (...args: string[]) =>
    Promise.all([1, 2].map(() => discoverWith({ DISCOVERY_RATE: "1" }, "--dry-run", ...args)));
  await eventually("one of them meets the other", async () => {
    const both = await two();
    const met = both.filter(({ output }) => output.includes("another pass is under way"));
    expect(both.filter(({ stdout }) => stdout.includes(WHOLE))).toHaveLength(2 - met.length);
    return met.length === 1;
  });
  await eventually("one of them waits for the other", async () => {
    const both = await two("--wait", "2m");
    for (const { stdout } of both) expect(stdout).toContain(WHOLE);
    return both.some(({ output }) => output.includes("lock discovery: held"));
  });
});

function discover(...args: string[]) {
  return discoverWith({}, ...args);
}

async function discoverWith(differences: NodeJS.ProcessEnv, ...args: string[]) {
  const words = ["gateway/src/commands/discover/main.js", ...args];
  return runProgram(localCommand(stack.dataDir, words, { DISCOVERY_SLICE: "1", ...differences }));
}

async function writeAtRegistry(tag: string, digest: string): Promise<void> {
  const repository = "registry/blobs/docker/registry/v2/repositories/alpha/app";
  const tags = join(stack.dataDir, repository, "_manifests/tags", tag);
  const index = join(tags, "index/sha256", digest.slice("sha256:".length));
  await mkdir(index, { recursive: true });
  for (const at of [index, join(tags, "current")]) await writeFile(join(at, "link"), digest);
}
