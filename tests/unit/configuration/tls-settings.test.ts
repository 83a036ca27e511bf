import { expect, describe, test } from "@jest/globals";
import { readTls } from "#gateway/config/tls-settings.js";
import { envReader } from "#service-kit/config.js";

function faultsOf(env: NodeJS.ProcessEnv, publicUrl: string | null = null): string {
  const read = envReader(env);
  readTls(read, publicUrl);
  try {
    read.throwIfFaulty();
    return "";
  } catch (error) {
    return String(error);
  }
}

const NAMES = { ACME_NAMES: "registry.example.org" };

describe("settings of TLS that go together", () => {
  test.each([
    [{ HTTP_REDIRECT_PORT: "80" }, null, /HTTP_REDIRECT_PORT: given without/],
    [{ ...NAMES, ACME_CHALLENGE: "http-01" }, null, /given http-01 without HTTP_REDIRECT_PORT/],
    [NAMES, "http://registry.example.org", /PUBLIC_URL: given http:/],
    [NAMES, "https://other.example.org", /ACME_NAMES: lacks other.example.org/],
    [{ ...NAMES, TLS_CERTIFICATE_FILE: "/nowhere" }, null, /ACME_NAMES: given with TLS_CERT/],
    [{ ...NAMES, ACME_DIRECTORY_URL: "http://ca.example.org" }, null, /wanted https:/],
  ])("are refused where they contradict each other: %j", (env, publicUrl, fault) => {
    expect(faultsOf(env, publicUrl)).toMatch(fault);
  });

  test.each([
    [NAMES, "https://registry.example.org"],
    [{ ...NAMES, ACME_CHALLENGE: "http-01", HTTP_REDIRECT_PORT: "80" }, null],
    [{ ACME_NAMES: "b.example.org,a.example.org,b.example.org" }, "https://a.example.org:8443"],
    [{}, "http://registry.example.org"],
  ])("are taken where they do not: %j", (env, publicUrl) => {
    expect(faultsOf(env, publicUrl)).toBe("");
  });

  test("bring names of a certificate into an order, each once", () => {
    const read = envReader({ ACME_NAMES: "b.example.org, a.example.org,b.example.org" });
    expect(readTls(read, null).acme?.names).toEqual(["a.example.org", "b.example.org"]);
  });
});
