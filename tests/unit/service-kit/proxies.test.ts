import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { ConfigError, envReader } from "#service-kit/config.js";
import { readProxies } from "#service-kit/http/proxies.js";
import { sourceFiles } from "#tests/support/source-tree.js";

const PASSWORD = "p@ss-nobody-may-see";
const ENCODED = encodeURIComponent(PASSWORD);

function read(env: Record<string, string>) {
  const reader = envReader(env);
  const proxies = readProxies(reader);
  reader.throwIfFaulty();
  return proxies;
}

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

const nameFor = (env: Record<string, string>, url: string) =>
  read(env).choose(new URL(url))?.name ?? "directly";

describe("the proxy of a URL", () => {
  const BOTH = { HTTPS_PROXY: "http://one:3128", HTTP_PROXY: "http://two:3129" };

  test.each([
    ["https://example.org/", "one:3128"],
    ["http://example.org/", "two:3129"],
    ["https://10.0.0.1:8443/", "one:3128"],
    ["http://localhost:8080/", "directly"],
    ["https://app.localhost/", "directly"],
    ["http://127.1.2.3/", "directly"],
    ["http://[::1]:8080/", "directly"],
  ])("of %s is %s", (url, name) => {
    expect(nameFor(BOTH, url)).toBe(name);
  });

  test("is none when there is none for its scheme", () => {
    expect(nameFor({ HTTPS_PROXY: "http://one:3128" }, "http://example.org")).toBe("directly");
    expect(nameFor({ HTTP_PROXY: "http://two:3128" }, "https://example.org")).toBe("directly");
    expect(nameFor({}, "https://example.org")).toBe("directly");
  });

  test("is none for what NO_PROXY names, by the port that the URL means", () => {
    const env = { ...BOTH, NO_PROXY: "example.org:443, 10.0.0.0/8" };
    expect(nameFor(env, "https://example.org/")).toBe("directly");
    expect(nameFor(env, "http://example.org/")).toBe("two:3129");
    expect(nameFor(env, "https://10.9.8.7:8443/")).toBe("directly");
  });

  test.each([
    ["proxy.example.org:3128", "proxy.example.org:3128"],
    ["http://proxy.example.org", "proxy.example.org:80"],
    ["https://proxy.example.org/", "proxy.example.org:443"],
    ["http://[fd00::1]:3128", "[fd00::1]:3128"],
    [`http://user:${ENCODED}@proxy.example.org:3128`, "proxy.example.org:3128"],
    [" http://proxy.example.org:3128 ", "proxy.example.org:3128"],
  ])("is written %j", (text, name) => {
    expect(nameFor({ HTTPS_PROXY: text }, "https://example.org")).toBe(name);
    expect(nameFor({ https_proxy: text }, "https://example.org")).toBe(name);
  });

  test("may be named in small letters, in capitals, or in both when they are the same", () => {
    const proxy = "http://proxy:3128";
    const small = { https_proxy: proxy, no_proxy: "example.org" };
    expect(nameFor(small, "https://example.com")).toBe("proxy:3128");
    expect(nameFor(small, "https://example.org")).toBe("directly");
    expect(faultsOf({ ...small, HTTPS_PROXY: proxy, NO_PROXY: "example.org" })).toEqual([]);
    const other = { HTTPS_PROXY: `http://u:${ENCODED}@other:3128`, NO_PROXY: "example.net" };
    expect(faultsOf({ ...small, ...other })).toEqual([
      "HTTPS_PROXY: differs from https_proxy, wanted one of them, or the same",
      "NO_PROXY: differs from no_proxy, wanted one of them, or the same",
    ]);
  });
});

describe("a proxy that cannot be used", () => {
  test.each([
    "socks5://proxy:1080",
    "http://",
    "http://proxy:port",
    "http://proxy/path",
    `http://user:${PASSWORD}%zz@proxy:3128`,
    `http://user:a%0d%0a${ENCODED}@proxy`,
    `http://user:${PASSWORD}#@proxy:3128`,
  ])("stops the start, without a word of it: %s", (text) => {
    for (const name of ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"]) {
      const [fault = "", ...more] = faultsOf({ [name]: text });
      expect(more).toEqual([]);
      expect(fault).toMatch(new RegExp(`^${name}: given one of another form, wanted http://`));
      expect(fault).not.toContain("nobody-may-see");
    }
  });

  test("is refused where Node would leave it unheeded", () => {
    const refused = (env: Record<string, string>, node: string) => {
      const reader = envReader(env);
      readProxies(reader, node);
      try {
        reader.throwIfFaulty();
        return false;
      } catch {
        return true;
      }
    };
    const env = { HTTPS_PROXY: "http://proxy:3128" };
    const versions = ["24.0.0", "24.4.1", "24.5.0", "24.21.0", "26.0.0"];
    expect(versions.map((node) => refused(env, node))).toEqual([true, true, false, false, false]);
    expect(refused({}, "24.0.0")).toBe(false);
  });

  test("is not looked for in a list that is not understood either", () => {
    const [fault] = faultsOf({ HTTPS_PROXY: "http://proxy", NO_PROXY: "example.org,10.0.0.*" });
    expect(fault).toMatch(/^NO_PROXY: not understood: 10\.0\.0\.\*; wanted names/);
    expect(faultsOf({ NO_PROXY: "example.org,10.0.0.*" })).toEqual([]);
  });
});

test("the credentials of a proxy are in nothing that is printed", () => {
  const proxies = read({ HTTPS_PROXY: `http://user:${ENCODED}@proxy:3128` });
  expect(proxies.https?.url.reveal()).toContain(ENCODED);
  for (const text of [
    JSON.stringify(proxies),
    inspect(proxies, { depth: 9 }),
    String(proxies.https?.url),
  ])
    for (const secret of [PASSWORD, ENCODED]) expect(text).not.toContain(secret);
});

test("registry and token server alone are asked past the proxies, by whatever asks them", () => {
  const files = sourceFiles();
  const asking = (pattern: RegExp) =>
    files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
  const directly = asking(/(?<![.\w])fetch(?:Again)?\(|\brequest as https?Request\b/);
  expect(directly.length).toBeGreaterThan(5);
  const known =
    /^service-kit\/src\/http\/(?:fetch-again|exchange|registry-listing)|^gateway\/src\/(?:upstream|scm|proxy|commands\/doctor)\/|^audit-log\/src\/verify\/|^cli\//;
  expect(directly.filter((path) => !known.test(path))).toEqual([]);
  const byWay = asking(/from "#service-kit\/http\/(?:outgoing|exchange)\.js"/);
  expect(byWay.filter((path) => known.test(path))).toEqual([]);
});
