import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createMetrics } from "#service-kit/metrics.js";
import { refusedFiles } from "#service-kit/refused-files.js";
import { openRequestOrigin } from "#token-server/wiring/request-origin.js";
import { gatewayClocks } from "#tests/support/clocks.js";
import { SILENT } from "#tests/support/ledger.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

test.each([
  ["nothing", ""],
  ["no certificate", "a key, perhaps"],
  [
    "what is none in a certificate's place",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  ],
])("a token server whose GATEWAY_TRUST_FILE holds %s does not start", async (_what, text) => {
  const gatewayTrustFile = join(folder.path, "trust.pem");
  await writeFile(gatewayTrustFile, text);
  const metrics = createMetrics();
  const files = refusedFiles(metrics.registry);
  const deps = { log: SILENT, metrics, clocks: gatewayClocks(), files };
  await expect(openRequestOrigin({ gatewayTrustFile, trustedProxies: [] }, deps)).rejects.toThrow(
    gatewayTrustFile,
  );
});
