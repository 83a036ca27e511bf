import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import { blobsIn, makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { startStock } from "#tests/support/registry.js";
import { scenario } from "#tests/support/scenario.js";
import { skopeo, type Skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

/** Each is the beginning of another: of such, registries 3.1.0 and 3.1.1 on S3 list one. */
const NAMES = [
  "alpha/app:0.1.2",
  "alpha/app:0.1.20",
  "alpha/app:0.1.2-rc",
  "alpha/app-two:1.0",
  "alpha/app/inner:1.0",
  "beta/app:1.0",
];
const { registry } = testTools();

let folder: TemporaryFolder;
let storage: string;
let images: ReadonlyMap<string, OciLayout>;
let other: OciLayout;
let stack: TestStack;
let alice: Skopeo;
let robot: Skopeo;

/** A stock registry that was used for years, by nobody in particular. */
async function fill(file: string): Promise<void> {
  const stock = await startStock(file, {}, { storage });
  const anybody = skopeo(stock.url, null);
  const made = new Map<string, OciLayout>();
  for (const name of NAMES) {
    const image = await makeImage(join(folder.path, `image-${made.size}`));
    expect(await anybody.push(image, name)).toMatchObject({ ok: true });
    made.set(name, image);
  }
  images = made;
  await stock.stop();
}

beforeAll(async () => {
  folder = await temporaryFolder();
  const dataDir = join(folder.path, "data");
  storage = join(dataDir, "registry", "blobs");
  await mkdir(storage, { recursive: true });
  if (registry.kind !== "binary") return;
  await fill(registry.file);
  other = await makeImage(join(folder.path, "other"));
  // Only the command makes passes.
  stack = await startTestStack({ dataDir, env: { DISCOVERY_SECONDS: "0" } });
  alice = skopeo(stack.url, "alice-token");
  robot = skopeo(stack.url, "ci-all-token");
});
afterAll(async () => {
  if (registry.kind === "binary") await stack.stop();
  await folder.remove();
});

function run(...program: string[]) {
  const env = { SUDO_USER: "olga", PATH: process.env["PATH"], DATA_DIR: stack.dataDir };
  return runProgram({ file: process.execPath, args: program, env, cwd: REPOSITORY_ROOT }, {});
}

const discover = (...args: string[]) =>
  run("deploy/local/commands/command.mjs", "gateway/src/commands/discover/main.js", ...args);

describe("a stock registry with what was pushed to it before", () => {
  const part = scenario();
  const isSkipped = registry.kind !== "binary";

  part(
    "is adopted by one command that reads the names from its storage",
    async () => {
      const elsewhere = await discover("--storage", folder.path);
      expect(elsewhere.ok).toBe(false);
      expect(elsewhere.output).toContain("is not the root directory of this registry's storage");
      const { ok, stdout } = await discover("--storage", storage);
      expect({ ok, stdout }).toMatchObject({ ok: true });
      expect(stdout).toContain(`\nadopted       ${NAMES.length}\n`);
    },
    isSkipped,
  );

  part(
    "has tags that stay what they are from then on: another image is refused, the same is taken",
    async () => {
      for (const [name, image] of images) {
        const refused = await robot.push(other, name);
        expect(refused.ok).toBe(false);
        expect(refused.output).toContain("tag already exists");
        expect(await robot.push(image, name)).toMatchObject({ ok: true });
      }
    },
    isSkipped,
  );

  part(
    "gives each of them, byte for byte",
    async () => {
      for (const [name, image] of images) {
        const pulled = join(folder.path, "pulled", name.replaceAll(/[/:]/g, "-"));
        await mkdir(pulled, { recursive: true });
        expect(await alice.pull(name, pulled)).toMatchObject({ ok: true });
        expect((await blobsIn(pulled)).sort()).toEqual([image.digest, ...image.blobs].sort());
      }
    },
    isSkipped,
  );

  part(
    "and ledger, audit log, manifests and layers agree",
    async () => {
      const args = ["verify", "--registry", "--blobs"];
      const { ok, output } = await run("deploy/local/commands/audit.mjs", ...args);
      expect({ ok, output }).toMatchObject({ ok: true });
    },
    isSkipped,
  );
});
