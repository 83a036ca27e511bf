import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { envReader } from "#service-kit/config.js";
import { refusedFiles, type RefusedFiles } from "#service-kit/refused-files.js";
import { readCertificateFiles, type CertificateFiles } from "#service-kit/tls/certificate-files.js";
import { showCertificateEnd } from "#service-kit/tls/certificate-metrics.js";
import { followCertificate, type ServedCertificate } from "#service-kit/tls/follow-certificate.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { makeAuthority, makeLeaf } from "#tests/support/certificates.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let folder: TemporaryFolder;
let files: CertificateFiles;
let refused: RefusedFiles;
let followed: ServedCertificate | null;
let look: () => Promise<void>;

beforeEach(async () => {
  folder = await temporaryFolder();
  files = { certificateFile: join(folder.path, "tls.crt"), keyFile: join(folder.path, "tls.key") };
  refused = refusedFiles(new Registry());
  followed = null;
});
afterEach(async () => {
  for (const part of followed?.parts ?? []) await part.stop();
  await folder.remove();
});

const pair = async () => makeLeaf(await makeAuthority(), ["localhost"]);

async function put(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

async function putBoth({ certificate, key }: { certificate: string; key: string }): Promise<void> {
  await put(files.certificateFile, certificate);
  await put(files.keyFile, key);
}

/** Follows them; looks when the test says so. */
async function follow(now: () => number = Date.now) {
  const log = readableLog();
  followed = await followCertificate(files, {
    ...{ log: log.log, files: refused, now },
    every: (_milliseconds, run) => {
      look = async () => {
        await run();
        await run();
      };
      return () => undefined;
    },
  });
  return { ...followed, logged: () => log.text() };
}

describe("the files of a certificate", () => {
  test("are served, and what they become when both are replaced", async () => {
    const [first, second] = [await pair(), await pair()];
    await putBoth(first);
    const { serving } = await follow();
    let changes = 0;
    serving.onChange(() => (changes += 1));
    expect(serving.current().certificatePem.trim()).toBe(first.certificate.trim());
    await putBoth(second);
    await look();
    expect(serving.current().certificatePem.trim()).toBe(second.certificate.trim());
    expect(changes).toBe(1);
  });

  test.each([
    ["the key of another one", async () => ({ ...(await pair()), key: (await pair()).key })],
    ["no certificate", async () => ({ ...(await pair()), certificate: "none" })],
    ["no key", async () => ({ ...(await pair()), key: "none" })],
  ])("keep what was served when they become %s, which is told", async (_what, broken) => {
    const first = await pair();
    await putBoth(first);
    const { serving, logged } = await follow();
    await putBoth(await broken());
    await look();
    expect(serving.current().certificatePem.trim()).toBe(first.certificate.trim());
    expect(refused.warnings()).toEqual([
      "tls.crt was changed and is refused: what it said before still counts",
    ]);
    expect(logged()).toContain("tls.certificate-refused");
    expect(logged()).not.toContain("PRIVATE KEY");
    const next = await pair();
    await putBoth(next);
    await look();
    expect(serving.current().certificatePem.trim()).toBe(next.certificate.trim());
    expect(refused.warnings()).toEqual([]);
  });

  test("keep what was served when the new one has ended already", async () => {
    const [first, second] = [await pair(), await pair()];
    await putBoth(first);
    const { serving, logged } = await follow(() => Date.now() + 7_200_000);
    // Certificates of tests end within the hour, this one minutes sooner than the one that is served.
    const authority = await makeAuthority(-300);
    await putBoth({ ...second, ...(await makeLeaf(authority, ["localhost"])) });
    await look();
    expect(serving.current().certificatePem.trim()).toBe(first.certificate.trim());
    expect(logged()).toContain("has ended, and earlier");
  });

  test("may be one file", async () => {
    const { certificate, key } = await pair();
    await put(files.certificateFile, `${key}\n${certificate}`);
    files = { ...files, keyFile: files.certificateFile };
    const { serving } = await follow();
    expect(serving.current().certificatePem.trim()).toBe(certificate.trim());
  });

  test("are shown by when they end", async () => {
    await putBoth(await pair());
    const { endsAt } = await follow();
    const registry = new Registry();
    showCertificateEnd(registry, endsAt, Date.now);
    const left = Number(/ (-?\d+)$/m.exec(await registry.metrics())?.[1]);
    expect(left).toBeGreaterThan(3_400);
    expect(left).toBeLessThanOrEqual(3_600);
  });
});

describe("settings of a certificate", () => {
  const faultsOf = (env: NodeJS.ProcessEnv): string => {
    const read = envReader(env);
    readCertificateFiles(read);
    try {
      read.throwIfFaulty();
      return "";
    } catch (error) {
      return String(error);
    }
  };

  test("are refused at start where they cannot be used, without a word of the key", async () => {
    const { certificate, key } = await pair();
    await putBoth({ certificate, key: (await pair()).key });
    const { certificateFile, keyFile } = files;
    const both = { TLS_CERTIFICATE_FILE: certificateFile, TLS_KEY_FILE: keyFile };
    expect(faultsOf(both)).toContain("the first certificate does not belong to the private key");
    expect(faultsOf({ TLS_KEY_FILE: keyFile })).toContain("given without TLS_CERTIFICATE_FILE");
    const missing = { TLS_CERTIFICATE_FILE: join(folder.path, "none.pem") };
    expect(faultsOf(missing)).toContain("wanted a file that can be read");
    await put(keyFile, key.replace(/M/g, "%"));
    expect(faultsOf(both)).toMatch(/not a private key in PEM form/);
    expect(faultsOf(both)).not.toContain(key.slice(60, 80));
    await put(keyFile, key);
    expect(faultsOf(both)).toBe("");
  });
});
