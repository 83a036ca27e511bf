import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readPageIssuers } from "#gateway/oidc/config.js";
import type { PageIssuer } from "#gateway/oidc/issuers.js";
import { ConfigError, envReader } from "#service-kit/config.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "page-logins-"));
  writeFileSync(join(folder, "secret"), "one\n");
  writeFileSync(join(folder, "empty"), "");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const GOOD = { name: "company", title: "Example", issuer: "https://login.example.org", clientId: "w" }; // prettier-ignore

/** JSON is YAML. */
function read(content: unknown): readonly PageIssuer[] {
  const file = join(folder, "page-logins.yaml");
  writeFileSync(file, JSON.stringify(content));
  const reader = envReader({ PAGE_LOGINS_FILE: file });
  const issuers = readPageIssuers(reader);
  reader.throwIfFaulty();
  return issuers;
}

function faultsOf(content: unknown): string {
  try {
    read(content);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.join("\n");
    throw error;
  }
  return "";
}

describe("PAGE_LOGINS_FILE", () => {
  test("names issuers; what is not said is the least that a login takes", () => {
    expect(read({ issuers: [GOOD] })).toEqual([
      { ...GOOD, scopes: ["openid"], parameters: {}, clientSecret: null, isPlainHttp: false },
    ]);
    expect(readPageIssuers(envReader({}))).toEqual([]);
  });

  test("has secrets in files beside it, which are read anew for each exchange", async () => {
    const [issuer] = read({ issuers: [{ ...GOOD, clientSecretFile: "secret" }] });
    expect((await issuer?.clientSecret?.())?.reveal()).toBe("one");
    writeFileSync(join(folder, "secret"), "two");
    expect((await issuer?.clientSecret?.())?.reveal()).toBe("two");
  });

  test("takes http from this machine, and elsewhere where it is said", () => {
    const isPlain = (more: object) => read({ issuers: [{ ...GOOD, ...more }] })[0]?.isPlainHttp;
    expect(isPlain({ issuer: "http://localhost:8000" })).toBe(true);
    expect(isPlain({ issuer: "http://login.example.org", allowHttp: true })).toBe(true);
  });

  test.each<[wanted: RegExp, content: unknown]>([
    [/issuers/, { issuers: [] }],
    [
      /issuers\.0\.issuer: wanted https/,
      { issuers: [{ ...GOOD, issuer: "http://login.example.org" }] },
    ],
    [/issuers\.0\.issuer: wanted the absolute URL/, { issuers: [{ ...GOOD, issuer: "login" }] }],
    [/issuers\.0\.name: wants a-z/, { issuers: [{ ...GOOD, name: "A/b" }] }],
    [/issuers\.1\.name: "company" is there already/, { issuers: [GOOD, GOOD] }],
    [/issuers\.0\.title: wanted one line/, { issuers: [{ ...GOOD, title: "a\nb" }] }],
    [/issuers\.0\.scopes: wanted openid/, { issuers: [{ ...GOOD, scopes: ["groups"] }] }],
    [
      /issuers\.0\.clientSecretFile: .*cannot|issuers\.0\.clientSecretFile: .*can be read/,
      { issuers: [{ ...GOOD, clientSecretFile: "nowhere" }] },
    ],
    [
      /issuers\.0\.clientSecretFile: .*given an empty one/,
      { issuers: [{ ...GOOD, clientSecretFile: "empty" }] },
    ],
    [
      /issuers\.0\.parameters: wanted parameters such as prompt/,
      { issuers: [{ ...GOOD, parameters: { redirect_uri: "https://elsewhere.example" } }] },
    ],
    [/Unrecognized key/, { issuers: [{ ...GOOD, clientSecret: "in the file" }] }],
  ])("is refused with what is wrong: %s", (wanted, content) => {
    expect(faultsOf(content)).toMatch(wanted);
  });
});
