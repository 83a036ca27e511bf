import { once } from "node:events";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { portPicker } from "#local/processes/ports.js";
import { keptSelfSigned } from "#service-kit/tls/self-signed.js";
import { eventually } from "#tests/support/eventually.js";
import { ask } from "#tests/support/http-client.js";
import { makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { serviceBeside } from "#tests/support/service-beside.js";
import { scenario } from "#tests/support/scenario.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const MIB = 1024 ** 2;

let stack: TestStack;
let folder: TemporaryFolder;
let image: OciLayout;
/** Where clients of containers/image look for who vouches. */
let trusted: string;
let redirectPort: number;

beforeAll(async () => {
  folder = await temporaryFolder();
  redirectPort = await portPicker().next();
  const env = { TLS_SELF_SIGNED: "true", HTTP_REDIRECT_PORT: String(redirectPort) };
  stack = await startTestStack({ env });
  trusted = join(folder.path, "trusted");
  await mkdir(trusted);
  await copyFile(certificateFile(), join(trusted, "ca.crt"));
  // One layer that goes past the parser on its way to a client, and one that does not.
  image = await makeImage(join(folder.path, "image"), [48 * MIB, 1024]);
}, 240_000);
afterAll(async () => {
  await stack.stop();
  await folder.remove();
}, 60_000);

function certificateFile(): string {
  return join(stack.dataDir, "tls", "tls.crt");
}

/** Asks by HTTPS, trusting the stack's certificate alone. */
async function askSafely(path: string) {
  const ca = await readFile(certificateFile(), "utf8");
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const asked = request(`${stack.url}${path}`, { ca, agent: false }, (res) => {
        res.resume();
        resolve({ status: res.statusCode ?? 0, headers: res.headers });
      });
      asked.once("error", reject).end();
    },
  );
}

async function fingerprint(): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: stack.port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? "";
  socket.destroy();
  return shown;
}

describe("a stack that was started with TLS_SELF_SIGNED=true", () => {
  const part = scenario();
  part("says where it is, and what clients have to trust", () => {
    expect(stack.url).toBe(`https://127.0.0.1:${stack.port}`);
    expect(stack.output()).toContain(`clients have to trust ${certificateFile()}`);
  });

  part(
    "has an image pushed and pulled that is the same to the byte, by a client that verifies",
    async () => {
      const alice = skopeo(stack.url, "alice-token", undefined, trusted);
      const pushed = await alice.push(image, "alpha/app:1");
      expect([pushed.ok, pushed.output]).toEqual([true, expect.any(String)]);
      const copy = join(folder.path, "copy");
      const pulled = await alice.pull("alpha/app:1", copy);
      expect([pulled.ok, pulled.output]).toEqual([true, expect.any(String)]);
      for (const digest of [...image.blobs, image.digest]) {
        const [, hex = ""] = digest.split(":");
        const [mine, theirs] = await Promise.all(
          [image.path, copy].map((path) => readFile(join(path, "blobs", "sha256", hex))),
        );
        expect(mine?.equals(theirs ?? Buffer.alloc(0))).toBe(true);
      }
    },
  );

  part("refuses another image for the tag, by TLS as without", async () => {
    const other = await makeImage(join(folder.path, "other"));
    const alice = skopeo(stack.url, "alice-token", undefined, trusted);
    const refused = await alice.push(other, "alpha/app:1");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("tag already exists");
  });

  part("is not believed by a client that was not told to trust it", async () => {
    const stranger = join(folder.path, "nobody");
    await mkdir(stranger);
    const pulled = await skopeo(stack.url, "alice-token", undefined, stranger).inspect(
      "alpha/app:1",
    );
    expect(pulled.ok).toBe(false);
    expect(pulled.output).toMatch(/x509|certificate/);
  });

  part(
    "sends clients for their tokens to where they are safe, and has browsers come back there",
    async () => {
      const { status, headers } = await askSafely("/v2/");
      expect(status).toBe(401);
      expect(headers["www-authenticate"]).toContain(`realm="${stack.url}/token"`);
      expect(headers["strict-transport-security"]).toBe("max-age=31536000");
    },
  );

  part(
    "leads from the port without TLS to the one with it, and no client of a registry",
    async () => {
      const plain = `http://127.0.0.1:${redirectPort}`;
      expect((await ask(plain, "/ui/")).headers.location).toBe(`${stack.url}/ui/`);
      expect((await ask(plain, "/v2/")).status).toBe(403);
    },
  );

  part("may have token servers that speak TLS, whom its gateways verify", async () => {
    const files = {
      TLS_CERTIFICATE_FILE: certificateFile(),
      TLS_KEY_FILE: certificateFile().replace(/crt$/, "key"),
    };
    const tokenServer = await serviceBeside(stack, "token-server", files);
    await tokenServer.start();
    const told = { ...files, HTTP_REDIRECT_PORT: "0", TOKEN_SERVER_URL: tokenServer.url };
    const trusting = await serviceBeside(stack, "gateway", {
      ...told,
      OUTBOUND_CA_FILE: certificateFile(),
    });
    await trusting.start();
    const alice = skopeo(trusting.url, "alice-token", undefined, trusted);
    const seen = await alice.inspect("alpha/app:1");
    expect([seen.ok, seen.output]).toEqual([true, expect.any(String)]);
    await Promise.all([trusting.stop(), tokenServer.stop()]);
  });

  part("proves itself by another certificate as soon as there is one", async () => {
    const before = await fingerprint();
    const now = Math.floor(Date.now() / 1_000);
    const names = ["localhost", "127.0.0.1"];
    const years = { names, now, endsAt: now + 2 * 365 * 86_400 };
    await keptSelfSigned(join(stack.dataDir, "tls"), years, 400 * 86_400);
    await eventually("it is shown", async () => (await fingerprint()) !== before, 30_000);
    await copyFile(certificateFile(), join(trusted, "ca.crt"));
    const alice = skopeo(stack.url, "alice-token", undefined, trusted);
    expect((await alice.inspect("alpha/app:1")).ok).toBe(true);
  });

  part("shows in its metrics when the certificate ends", async () => {
    const { gatewayMetrics } = await stack.addresses();
    const text = await (await fetch(`${gatewayMetrics ?? ""}/metrics`)).text();
    const left = Number(/^tls_certificate_seconds_left (\d+)$/m.exec(text)?.[1]);
    expect(left).toBeGreaterThan(700 * 86_400);
  });
});
