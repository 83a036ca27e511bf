import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { readSettings, type Options } from "#registry-config/options.js";

const folder = mkdtempSync(join(tmpdir(), "wharfinger-options-"));
const secretFile = join(folder, "secret");
const shortFile = join(folder, "short");
writeFileSync(secretFile, "0123456789abcdef\n");
writeFileSync(shortFile, "short\n");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const FILESYSTEM: Options = {
  registry: "2.8",
  storage: "filesystem",
  "notification-url": "http://gateway:8080/hooks/registry",
  "notification-secret-file": secretFile,
};
const S3: Options = {
  ...FILESYSTEM,
  registry: "3",
  storage: "s3",
  "s3-bucket": "images",
  "s3-region": "eu-central-1",
};
const CLOUDFRONT: Options = {
  ...S3,
  storage: "s3-cloudfront",
  "cloudfront-base-url": "https://cdn.example.org",
  "cloudfront-private-key": "/secrets/cloudfront.pem",
  "cloudfront-key-pair-id": "K123",
};

describe("options of the command line", () => {
  test("a filesystem registry needs four of them", () => {
    expect(readSettings(FILESYSTEM)).toMatchObject({
      registry: "2.8",
      listen: "0.0.0.0:5000",
      httpSecret: null,
      notifications: { secret: "0123456789abcdef" },
      storage: { kind: "filesystem", rootDirectory: "/var/lib/registry" },
    });
  });

  test.each([
    [undefined, "^https?://"],
    ["none", "^$"],
    ["^https://mcr\\.example/", "^https:\\/\\/mcr\\.example\\/"],
  ])("layers from elsewhere: %s", (given, layerUrls) => {
    const options = given === undefined ? FILESYSTEM : { ...FILESYSTEM, "layer-urls": given };
    expect(readSettings(options)).toMatchObject({ layerUrls });
  });

  test.each(["(", "(?=x)", "(?<!x)", "(a)\\1"])("no expression of Go: %s", (given) => {
    expect(() => readSettings({ ...FILESYSTEM, "layer-urls": given })).toThrow(/layer-urls/);
  });

  test("secrets come from files", () => {
    const settings = readSettings({ ...FILESYSTEM, "http-secret-file": secretFile });
    expect(settings.httpSecret).toBe("0123456789abcdef");
  });

  test("S3 and CloudFront with everything else by default", () => {
    expect(readSettings(CLOUDFRONT).storage).toEqual({
      kind: "s3",
      bucket: "images",
      region: "eu-central-1",
      endpoint: null,
      forcePathStyle: false,
      rootDirectory: null,
      encrypt: true,
      keyId: null,
      secure: true,
      v4Auth: true,
      chunkSize: 10_485_760,
      storageClass: null,
      redirect: true,
      cloudFront: {
        baseUrl: "https://cdn.example.org",
        privateKeyFile: "/secrets/cloudfront.pem",
        keyPairId: "K123",
        duration: "20m",
        ipFilteredBy: "none",
        awsRegions: null,
      },
    });
  });

  test.each<[option: string, why: string, base: Options, change: Options]>([
    ["registry", "another line", FILESYSTEM, { registry: "2.7" }],
    ["storage", "another storage", FILESYSTEM, { storage: "swift" }],
    ["listen", "no port", FILESYSTEM, { listen: "0.0.0.0" }],
    ["metrics-listen", "no port", FILESYSTEM, { "metrics-listen": "localhost" }],
    ["drain-seconds", "not a number", FILESYSTEM, { "drain-seconds": "soon" }],
    ["log-level", "unknown level", FILESYSTEM, { "log-level": "loud" }],
    ["notification-url", "not a URL", FILESYSTEM, { "notification-url": "gateway" }],
    ["http-secret-file", "no such file", FILESYSTEM, { "http-secret-file": "/nonexistent" }],
    ["http-secret-file", "too short", FILESYSTEM, { "http-secret-file": shortFile }],
    ["s3-bucket", "not a bucket name", S3, { "s3-bucket": "My_Images" }],
    ["s3-chunk-size", "below 5 MiB", S3, { "s3-chunk-size": "5242879" }],
    ["s3-encrypt", "not a flag", S3, { "s3-encrypt": "yes" }],
    ["s3-key-id", "without encryption", S3, { "s3-key-id": "k", "s3-encrypt": "false" }],
    ["s3-v4auth", "off at Amazon", S3, { "s3-v4auth": "false" }],
    [
      "s3-storage-class",
      "3 only",
      { ...S3, registry: "2.8" },
      { "s3-storage-class": "ONEZONE_IA" },
    ],
    ["s3-storage-class", "unknown", S3, { "s3-storage-class": "COLD" }],
    [
      "s3-force-path-style",
      "impossible with 2.8 at Amazon",
      { ...S3, registry: "2.8" },
      { "s3-force-path-style": "true" },
    ],
    ["s3-endpoint", "not a URL", S3, { "s3-endpoint": "ceph:7480x" }],
    ["redirect", "off with CloudFront", CLOUDFRONT, { redirect: "false" }],
    ["cloudfront-duration", "no unit", CLOUDFRONT, { "cloudfront-duration": "20" }],
    ["cloudfront-ip-filter", "unknown", CLOUDFRONT, { "cloudfront-ip-filter": "all" }],
    ["cloudfront-aws-regions", "missing", CLOUDFRONT, { "cloudfront-ip-filter": "awsregion" }],
  ])("%s is refused by name: %s", (option, _why, base, change) => {
    expect(() => readSettings({ ...base, ...change })).toThrow(new RegExp(`^  ${option}: `, "m"));
  });

  test.each<[option: string, base: Options]>([
    ["registry", FILESYSTEM],
    ["storage", FILESYSTEM],
    ["notification-url", FILESYSTEM],
    ["notification-secret-file", FILESYSTEM],
    ["s3-bucket", S3],
    ["s3-region", S3],
    ["cloudfront-base-url", CLOUDFRONT],
    ["cloudfront-private-key", CLOUDFRONT],
    ["cloudfront-key-pair-id", CLOUDFRONT],
  ])("%s must be there", (option, base) => {
    const without = Object.fromEntries(Object.entries(base).filter(([name]) => name !== option));
    expect(() => readSettings(without)).toThrow(new RegExp(`^  ${option}: absent`, "m"));
  });

  test("what is wrong with a secret is said without the secret", () => {
    const read = () => readSettings({ ...FILESYSTEM, "http-secret-file": shortFile, listen: "x" });
    expect(read).toThrow(
      /^ {2}http-secret-file: .*wanted at least 16 printable ASCII characters without blanks$/m,
    );
  });
});
