import { createPrivateKey } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { DIST } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import {
  generateKeyPem,
  issueCertificate,
  selfSignAuthority,
} from "#service-kit/signing/certificates.js";
import { giveUpCommonAuthority } from "#service-kit/signing/common-authority.js";
import { readKeyFolder } from "#service-kit/signing/key-folder.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe("keys from before authorities were apart", () => {
  test("lose their authority; the token server keeps its key, and auditors what they trusted", async () => {
    const folders = operatorFolders(folder.path);
    const common = await commonFolder(folder.path);
    const read = () => readKeyFolder({ directory: folder.path, owner: "token-server", certified: false }); // prettier-ignore
    const before = (await read()).map(({ key }) => key.keyId);
    expect(await giveUpCommonAuthority(folders)).toBe(true);
    const files = await readdir(folder.path, { recursive: true });
    expect(files.filter((name) => name.endsWith(".pem")).sort()).toEqual([
      "token-server/0000000000-first.key.pem",
      "trust/audit.pem",
    ]);
    expect((await read()).map(({ key }) => key.keyId)).toEqual(before);
    expect(await readFile(join(folders.trust, "audit.pem"), "utf8")).toContain(body(common));
    expect(await giveUpCommonAuthority(folders)).toBe(false);
  });
});

describe("docker-compose's setup", () => {
  test("gives each service its own, and nobody the authority's key", async () => {
    await setUp();
    expect(await tree()).toEqual([
      "operator/authority/0000000000-first.cert.pem 644",
      "operator/authority/0000000000-first.key.pem 600",
      "operator/secrets/registry-http 600",
      "private/gateway/<key>.cert.pem 644",
      "private/gateway/<key>.key.pem 600",
      "private/gateway/notification 600",
      "private/token-server/0000000000-first.key.pem 600",
      "registry/registry.yml 600",
      "trust/audit.pem 644",
      "trust/gateway.pem 644",
    ]);
    const config = await readFile(join(folder.path, "registry", "registry.yml"), "utf8");
    expect(config).toContain(join(folder.path, "trust", "gateway.pem"));
  });

  test("run again keeps keys and secrets", async () => {
    await setUp();
    const secret = join(folder.path, "private", "gateway", "notification");
    const before = [await readFile(secret, "utf8"), await readdir(join(folder.path, "private", "gateway"))]; // prettier-ignore
    await setUp();
    expect([await readFile(secret, "utf8"), await readdir(join(folder.path, "private", "gateway"))]).toEqual(before); // prettier-ignore
  });

  test("takes over the volume that all services shared, and what all of them knew is new", async () => {
    const operator = join(folder.path, "operator");
    await commonFolder(join(operator, "keys"));
    await mkdir(join(operator, "secrets"));
    for (const name of ["notification", "registry-http"])
      await writeFile(join(operator, "secrets", name), `${name}-from-before-long-enough`);
    const key = await readFile(join(operator, "keys", "token-server", "0000000000-first.key.pem"));
    await setUp();
    const kept = join(folder.path, "private", "token-server", "0000000000-first.key.pem");
    expect(await readFile(kept)).toEqual(key);
    expect(existsSync(join(operator, "keys"))).toBe(false);
    expect(await readFile(join(folder.path, "private", "gateway", "notification"), "utf8")).not.toContain("from-before"); // prettier-ignore
    expect(await readFile(join(operator, "secrets", "registry-http"), "utf8")).toContain("from-before"); // prettier-ignore
  });
});

describe("npm run keys", () => {
  test("says in so many words that a withdrawal reaches the registry by a restart", async () => {
    expect(await keys("renew")).toMatch(
      /^added .*\nadded .*\nadded .*\nthe gateway has keys until /,
    );
    const withdrawn = await keys("withdraw", "--owner", "gateway");
    expect(withdrawn).toMatch(
      /restart every registry NOW\. Until then it trusts the withdrawn keys/,
    );
    expect(withdrawn.match(/^removed /gm)).toHaveLength(3);
    expect(await keys("list", "--owner", "gateway")).toMatch(/^active .* certified until /m);
    expect(await keys("bundle")).toMatch(
      /^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\s*$/,
    );
    expect(await keys("authority", "--in", "60")).toMatch(/restart every registry before /);
    expect((await keys("bundle")).match(/BEGIN/g)).toHaveLength(2);
  });

  test("withdraws a key of the token server, whose tokens end everywhere", async () => {
    const before = await keys("jwks", "--owner", "token-server");
    expect(await keys("withdraw", "--owner", "token-server")).toMatch(/within 30 s/);
    const after = await keys("jwks", "--owner", "token-server");
    expect(JSON.parse(after)).toMatchObject({ keys: [{ alg: "ES256" }] });
    expect(after).not.toBe(before);
  });

  test.each([
    [["renew", "--days", "0"], "--days: given 0, wanted a number from 1 to 90"],
    [["renew", "--ahead", "x"], "--ahead: given x"],
    [
      ["withdraw", "--owner", "registry"],
      "--owner: given registry, wanted one of: token-server, gateway",
    ],
    [["revoke"], "wanted one of: renew, "],
    [["renew", "--nonsense"], "Unknown option '--nonsense'"],
  ])("refuses %j, naming what is wrong", async (args, message) => {
    expect(await keys(...args)).toContain(message);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

/** Makes a folder as it was, and gives the common authority's certificate. */
async function commonFolder(root: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const validity = { from: now, to: now + 3_600 };
  const keyPem = await generateKeyPem();
  const common = { keyPem, certificatePem: await selfSignAuthority(keyPem, validity) };
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "ca.key.pem"), common.keyPem);
  await writeFile(join(root, "ca.cert.pem"), common.certificatePem);
  for (const owner of ["gateway", "token-server"]) {
    const key = await generateKeyPem();
    await mkdir(join(root, owner));
    const file = (ending: string) => join(root, owner, `0000000000-first.${ending}.pem`);
    await writeFile(file("key"), key, { mode: 0o600 });
    const certificate = await issueCertificate(common, createPrivateKey(key), owner, validity);
    await writeFile(file("cert"), certificate);
  }
  return common.certificatePem;
}

async function tree(): Promise<string[]> {
  const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const lines = await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.path.length + 1).replace(/gateway\/\d+-\w+/, "gateway/<key>");
      return `${name} ${((await stat(path)).mode & 0o777).toString(8)}`;
    }),
  );
  return [...new Set(lines)].sort();
}

async function setUp(): Promise<void> {
  const args = [join(DIST, "deploy", "compose", "setup.js"), folder.path];
  const { ok, output } = await runProgram({ file: process.execPath, args, env: {} });
  if (!ok) throw new Error(output);
}

async function keys(...args: string[]): Promise<string> {
  const program = join(DIST, "service-kit", "src", "signing", "main.js");
  const all = [program, ...args, "--dir", folder.path];
  return (await runProgram({ file: process.execPath, args: all, env: {} })).output;
}

function body(pem: string): string {
  return pem.split("\n")[1] ?? "";
}
