import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { portPicker } from "#local/processes/ports.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { eventually } from "#tests/support/eventually.js";
import { ask } from "#tests/support/http-client.js";
import { startPebble, type Pebble } from "#tests/support/pebble.js";
import { scenario } from "#tests/support/scenario.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const found = await findDebianPackage("pebble");
if (typeof found === "string") console.warn(`SKIPPED: ACME: ${found}`);
const NAME = "registry.example.org";

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** @returns whose certificate a gateway shows */
async function issuerAt(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, servername: NAME, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const issuer = socket.getPeerX509Certificate()?.issuer ?? "";
  socket.destroy();
  return issuer;
}

(typeof found === "string" ? describe.skip : describe).each(["tls-alpn-01", "http-01"])(
  "a stack that is told a name, by %s",
  (challenge) => {
    const part = scenario();
    let pebble: Pebble;
    let stack: TestStack;
    let httpPort: number;

    beforeAll(async () => {
      if (typeof found === "string") return;
      const ports = portPicker();
      const tlsPort = await ports.next();
      httpPort = await ports.next();
      const own = join(folder.path, challenge);
      await mkdir(own);
      pebble = await startPebble(found, own, { httpPort, tlsPort });
      await writeFile(join(own, "company.pem"), pebble.authority);
      const env = {
        ACME_NAMES: NAME,
        ACME_DIRECTORY_URL: pebble.directory,
        ACME_CHALLENGE: challenge,
        ACME_EMAIL: "admin@example.org",
        OUTBOUND_CA_FILE: join(own, "company.pem"),
        HTTP_REDIRECT_PORT: String(httpPort),
      };
      stack = await startTestStack({ port: tlsPort, env });
    }, 240_000);
    afterAll(async () => {
      await stack.stop();
      await pebble.stop();
    }, 60_000);

    part("has a certificate for it soon, which every start goes on with", async () => {
      await eventually("it is issued", async () => (await issuerAt(stack.port)).includes("Pebble"));
      const issued = () => pebble.output().split("Issued certificate").length;
      const before = issued();
      await stack.killAndAwait("gateway");
      await eventually("it is served", async () => (await issuerAt(stack.port)).includes("Pebble"));
      expect(issued()).toBe(before);
    });

    part("shows when it ends, and that it was got", async () => {
      const { gatewayMetrics = "" } = await stack.addresses();
      const text = await (await fetch(`${gatewayMetrics}/metrics`)).text();
      expect(Number(/^tls_certificate_seconds_left (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
      expect(text).toContain('acme_attempts_total{outcome="failed"} 0');
    });

    part("answers nobody who asks for a challenge that there is not", async () => {
      const plain = `http://127.0.0.1:${httpPort}`;
      const { status, headers } = await ask(plain, "/.well-known/acme-challenge/nobodys-token");
      expect([status, headers.location]).toEqual(
        challenge === "http-01"
          ? [404, undefined]
          : [308, `${stack.url}/.well-known/acme-challenge/nobodys-token`],
      );
    });
  },
);
