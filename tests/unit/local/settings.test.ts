import { isAbsolute, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { readLocalSettings } from "#local/settings.js";

describe("settings of the local stack", () => {
  test("with nothing set, port 8080, data in .data and an embedded Postgres", () => {
    expect(readLocalSettings({})).toEqual({
      port: 8080,
      tls: "none",
      dataDir: join(REPOSITORY_ROOT, ".data"),
      registryBin: null,
      registryBin2: null,
      storage: { storage: "filesystem" },
      hasOutsidePostgres: false,
      hasOutsideSns: false,
      hasAwsCredentials: false,
      hasRegistryName: false,
      logLevel: "info",
      tokenServers: 1,
      identitiesFile: join(REPOSITORY_ROOT, "deploy", "local", "identities.json"),
    });
  });

  test("a data folder is taken from the clone, wherever npm was called", () => {
    const { dataDir } = readLocalSettings({ DATA_DIR: "elsewhere" });
    expect(dataDir).toBe(join(REPOSITORY_ROOT, "elsewhere"));
    expect(isAbsolute(dataDir)).toBe(true);
  });

  test("a database of one's own replaces the embedded one", () => {
    expect(readLocalSettings({ DB_SUBNAME: "//db:5432/x" }).hasOutsidePostgres).toBe(true);
  });

  test("a bucket takes the place of the folder for blobs, and half a one is refused", () => {
    const env = { STORAGE_S3_BUCKET: "images", STORAGE_S3_REGION: "eu-central-1" };
    expect(readLocalSettings(env).storage).toEqual({
      storage: "s3",
      "s3-bucket": "images",
      "s3-region": "eu-central-1",
    });
    expect(() => readLocalSettings({ STORAGE_S3_BUCKET: "images" })).toThrow("STORAGE_S3_REGION");
  });

  test.each([
    [{ API_SNS_TOPIC_ARN: "x" }, { hasOutsideSns: true }],
    [{ AWS_ACCESS_KEY_ID: "x" }, { hasAwsCredentials: true }],
    [{ AWS_PROFILE: "x" }, { hasAwsCredentials: true }],
    [{ API_REPOSITORY: "x" }, { hasRegistryName: true }],
    [{ PUBLIC_URL: "http://x" }, { hasRegistryName: true }],
  ])("%j is left alone", (env, noticed) => {
    expect(readLocalSettings(env)).toMatchObject(noticed);
  });

  test("everything wrong is named at once", () => {
    const read = () => readLocalSettings({ PORT: "http", LOG_LEVEL: "loud" });
    expect(read).toThrow(/PORT: given "http"[^]*LOG_LEVEL: given "loud"/);
  });

  test("with TLS by a certificate of its own, or by one that is given, and not by both", () => {
    expect(readLocalSettings({ TLS_SELF_SIGNED: "true" }).tls).toBe("self-signed");
    expect(readLocalSettings({ TLS_CERTIFICATE_FILE: "tls.crt" }).tls).toBe("given");
    expect(readLocalSettings({ ACME_NAMES: "r.example.org" }).tls).toBe("given");
    const both = { TLS_SELF_SIGNED: "true", TLS_CERTIFICATE_FILE: "tls.crt" };
    expect(() => readLocalSettings(both)).toThrow(/TLS_SELF_SIGNED: given with/);
  });
});
