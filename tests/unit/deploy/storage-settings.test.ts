import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { readSettings } from "#registry-config/options.js";
import { renderRegistryConfig } from "#registry-config/render.js";
import { inVariables } from "#registry-config/storage-variables.js";
import { ConfigError, envReader } from "#service-kit/config.js";
import { readRegistryOptions } from "../../../deploy/compose/registry-options.js";
import { read } from "./support/compose.js";

const folder = mkdtempSync(join(tmpdir(), "storage-settings-"));
const secret = join(folder, "secret");
writeFileSync(secret, "0123456789abcdef0123456789abcdef");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const S3 = { STORAGE_S3_BUCKET: "images", STORAGE_S3_REGION: "eu-central-1" };
const CLOUDFRONT = {
  STORAGE_CLOUDFRONT_URL: "https://d111111abcdef8.cloudfront.net",
  STORAGE_CLOUDFRONT_KEY_PAIR_ID: "K2JCJMDEHXQW5F",
  STORAGE_CLOUDFRONT_PRIVATE_KEY_FILE: "/config/cloudfront/key.pem",
};

/** The registry's configuration as docker-compose has it made. */
function made(env: NodeJS.ProcessEnv): { storage: Record<string, unknown>; middleware?: object } {
  const reader = envReader(env);
  const options = readRegistryOptions(reader);
  reader.throwIfFaulty();
  const settings = readSettings({
    ...options,
    "notification-url": "http://gateway:8082/hooks/registry",
    "notification-secret-file": secret,
  });
  return parse(renderRegistryConfig(settings)) as ReturnType<typeof made>;
}

describe("the registry that docker-compose is told of", () => {
  test.each([
    [{}, "3"],
    [{ REGISTRY_LINE: "3" }, "3"],
    [{ REGISTRY_LINE: "3.1.1" }, "3"],
    [{ REGISTRY_LINE: "2.8" }, "2.8"],
    [{ REGISTRY_LINE: "2.8.3" }, "2.8"],
  ])("is of the line that its version is of: %j", (env, line) => {
    expect(readRegistryOptions(envReader(env)).registry).toBe(line);
  });

  test.each(["4.0.0", "2.7.1", "latest", "3-rc"])("is refused where it is %s", (version) => {
    expect(faultsOf({ REGISTRY_LINE: version })).toEqual([
      expect.stringMatching(/^REGISTRY_LINE: given/),
    ]);
  });
});

/** What is told of a wrong environment. */
function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    made(env);
  } catch (error) {
    const told = inVariables(error);
    if (told instanceof ConfigError) return told.faults;
    throw error;
  }
  return [];
}

describe("the storage that docker-compose is told of", () => {
  test("is a volume without a bucket", () => {
    expect(made({}).storage).toHaveProperty("filesystem");
  });

  test("is a bucket, encrypted, with redirects", () => {
    expect(made(S3).storage).toMatchObject({
      s3: { bucket: "images", region: "eu-central-1", encrypt: true, secure: true },
      redirect: { disable: false },
    });
  });

  test("is a server of one's own, by its path, with every setting", () => {
    const { storage } = made({
      ...S3,
      STORAGE_S3_ENDPOINT: "http://ceph:7480",
      STORAGE_S3_PATH_STYLE: "true",
      STORAGE_S3_SECURE: "false",
      STORAGE_S3_PREFIX: "wharfinger",
      STORAGE_S3_KMS_KEY_ID: "alias/images",
      STORAGE_S3_STORAGE_CLASS: "STANDARD_IA",
      STORAGE_S3_REDIRECT: "false",
    });
    expect(storage).toMatchObject({
      s3: {
        regionendpoint: "http://ceph:7480",
        forcepathstyle: true,
        secure: false,
        rootdirectory: "wharfinger",
        keyid: "alias/images",
        storageclass: "STANDARD_IA",
      },
      redirect: { disable: true },
    });
  });

  test("is reached by way of CloudFront, whose key the registry alone sees", () => {
    expect(made({ ...S3, ...CLOUDFRONT }).middleware).toMatchObject({
      storage: [{ name: "cloudfront", options: { privatekey: "/config/cloudfront/key.pem" } }],
    });
  });

  test.each([
    [{ ...S3, STORAGE_S3_PATH_STYLE: "yes" }, "STORAGE_S3_PATH_STYLE"],
    [{ ...S3, STORAGE_S3_ENDPOINT: "ceph" }, "STORAGE_S3_ENDPOINT"],
    [{ ...S3, STORAGE_S3_STORAGE_CLASS: "GLACIER" }, "STORAGE_S3_STORAGE_CLASS"],
    [{ ...S3, STORAGE_S3_ENCRYPT: "false", STORAGE_S3_KMS_KEY_ID: "k" }, "STORAGE_S3_KMS_KEY_ID"],
    [{ STORAGE_S3_BUCKET: "images" }, "STORAGE_S3_REGION"],
    [{ ...S3, STORAGE_S3_BUCKET: "Images!" }, "STORAGE_S3_BUCKET"],
    [{ STORAGE_S3_ENDPOINT: "http://ceph:7480" }, "STORAGE_S3_ENDPOINT"],
    [{ ...S3, STORAGE_CLOUDFRONT_KEY_PAIR_ID: "K2" }, "STORAGE_CLOUDFRONT_KEY_PAIR_ID"],
    [{ ...S3, ...CLOUDFRONT, STORAGE_S3_REDIRECT: "false" }, "STORAGE_S3_REDIRECT"],
  ])("is refused by the variable's name where it is wrong: %j", (env, variable) => {
    expect(faultsOf(env)).toEqual([expect.stringMatching(new RegExp(`^${variable}: `))]);
  });
});

test("the registry's rights on its bucket are those of its driver, on that bucket alone", () => {
  const { Statement: statements } = JSON.parse(read("deploy/aws/registry-policy.json")) as {
    Statement: { Effect: string; Action: string[]; Resource: string }[];
  };
  expect(statements.map(({ Effect, Resource }) => [Effect, Resource])).toEqual([
    ["Allow", "arn:aws:s3:::BUCKET"],
    ["Allow", "arn:aws:s3:::BUCKET/*"],
  ]);
  const actions = statements.flatMap(({ Action }) => Action);
  expect(actions.filter((action) => action.includes("*") || !action.startsWith("s3:"))).toEqual([]);
});
