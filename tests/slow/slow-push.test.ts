import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
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
  await stack.stop();
  await folder.remove();
});

describe(`a push that takes three lifetimes of its token, on registry ${testTools().registry.version}`, () => {
  test(
    "with skopeo ends well, and the image comes out whole",
    async () => {
      const image = await makeImage(join(folder.path, "image"), [LAYER_BYTES]);
      const startedAt = Date.now();
      const slow = skopeo(`http://127.0.0.1:${line.port}`, "alice-token", MINUTES_6);
      expect(await slow.push(image, "alpha/slow:1.0")).toMatchObject({ ok: true });
      // A push that was not slow would have shown nothing.
      expect(Date.now() - startedAt).toBeGreaterThan(3 * LIFETIME_SECONDS * 1000);
      const copy = join(folder.path, "copy");
      const fast = skopeo(stack.url, "bob-token");
      expect(await fast.pull("alpha/slow:1.0", copy)).toMatchObject({ ok: true });
    },
    MINUTES_6,
  );
});
