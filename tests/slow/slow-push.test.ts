import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startDockerEngine, type DockerEngine } from "#tests/support/docker-engine.js";
import { makeImage } from "#tests/support/oci-layout.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startSlowLine, type SlowLine } from "#tests/support/slow-line.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

/** The shortest life a token can have; clients would take less for this much. */
const LIFETIME_SECONDS = 60;
const LAYER_BYTES = 2 * 1024 * 1024;
const MINUTES_6 = 360_000;

// Started before the tests are listed, because whether they run depends on it.
const engine = await startDockerEngine();
if (typeof engine === "string")
  console.warn(`SKIPPED: a slow push with a Docker Engine: ${engine}`);

let stack: TestStack;
let line: SlowLine;
let folder: TemporaryFolder;

beforeAll(async () => {
  const env = { TOKEN_TTL_SECONDS: String(LIFETIME_SECONDS), TOKEN_LEEWAY_SECONDS: "0" };
  [stack, folder] = await Promise.all([startTestStack({ env }), temporaryFolder()]);
  line = await startSlowLine(stack.port, LAYER_BYTES / (3 * LIFETIME_SECONDS));
});
afterAll(async () => {
  await line.close();
  if (typeof engine !== "string") await engine.stop();
  await stack.stop();
  await folder.remove();
});

describe(`a push that takes three lifetimes of its token, on registry ${testTools().registry.version}`, () => {
  const clients = typeof engine === "string" ? "skopeo" : "skopeo and docker";
  test(
    `with ${clients} ends well, and the image comes out whole`,
    async () => {
      const startedAt = Date.now();
      await Promise.all([
        pushSlowly(),
        ...(typeof engine === "string" ? [] : [pushWithDocker(engine)]),
      ]);
      // A push that was not slow would have shown nothing.
      expect(Date.now() - startedAt).toBeGreaterThan(3 * LIFETIME_SECONDS * 1000);
    },
    MINUTES_6,
  );
});

async function pushSlowly(): Promise<void> {
  const image = await makeImage(join(folder.path, "image"), [LAYER_BYTES]);
  const slow = skopeo(`http://127.0.0.1:${line.port}`, "alice-token", MINUTES_6);
  expect(await slow.push(image, "alpha/slow:1.0")).toMatchObject({ ok: true });
  const copy = join(folder.path, "copy");
  const fast = skopeo(stack.url, "bob-token");
  expect(await fast.pull("alpha/slow:1.0", copy)).toMatchObject({ ok: true });
}

async function pushWithDocker(docker: DockerEngine): Promise<void> {
  const slow = `127.0.0.1:${line.port}`;
  expect(await docker.login(slow, "oauth2:alice-token")).toMatchObject({ ok: true });
  const name = `${slow}/alpha/slow-docker:1.0`;
  // Docker compresses what it pushes; random bytes stay what they are.
  expect(await docker.build(name, randomBytes(LAYER_BYTES))).toMatchObject({ ok: true });
  expect(await docker.docker("push", name)).toMatchObject({ ok: true });
  const fast = skopeo(stack.url, "bob-token");
  const copy = join(folder.path, "docker-copy");
  expect(await fast.pull("alpha/slow-docker:1.0", copy)).toMatchObject({ ok: true });
}
