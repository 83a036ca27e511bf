import { ConfigError, type EnvReader } from "#service-kit/config.js";
import type { Options } from "./options.js";

interface StorageVariable {
  readonly option: keyof Options;
  readonly meaning: string;
  readonly absent: string;
}

/** Where blobs are, beside bucket and region; each stands for an option of `npm run registry-config`, which checks it. */
export const STORAGE_VARIABLES: Readonly<Record<string, StorageVariable>> = {
  STORAGE_S3_ENDPOINT: {
    option: "s3-endpoint",
    meaning: "URL of an S3 server other than Amazon's",
    absent: "Amazon's",
  },
  STORAGE_S3_PATH_STYLE: {
    option: "s3-force-path-style",
    meaning:
      "`true`: the bucket stands in the path; registry 3 alone, 2.8 always does with an endpoint",
    absent: "`false`",
  },
  STORAGE_S3_SECURE: {
    option: "s3-secure",
    meaning: "`false`: speak to S3 without TLS",
    absent: "`true`",
  },
  STORAGE_S3_PREFIX: {
    option: "root-directory",
    meaning: "prefix of the keys in the bucket",
    absent: "none",
  },
  STORAGE_S3_ENCRYPT: {
    option: "s3-encrypt",
    meaning: "`false`: do not ask S3 to encrypt",
    absent: "`true`",
  },
  STORAGE_S3_KMS_KEY_ID: {
    option: "s3-key-id",
    meaning: "KMS key of the encryption",
    absent: "S3's own key",
  },
  STORAGE_S3_STORAGE_CLASS: {
    option: "s3-storage-class",
    meaning: "storage class of new objects",
    absent: "S3's default",
  },
  STORAGE_S3_REDIRECT: {
    option: "redirect",
    meaning: "`false`: the bytes of blobs come through the registry, where clients cannot reach S3",
    absent: "`true`",
  },
  STORAGE_CLOUDFRONT_URL: {
    option: "cloudfront-base-url",
    meaning: "URL of the CloudFront distribution to which pulls of blobs are sent",
    absent: "S3 itself",
  },
  STORAGE_CLOUDFRONT_KEY_PAIR_ID: {
    option: "cloudfront-key-pair-id",
    meaning: "id of the key that signs for CloudFront",
    absent: "required with `STORAGE_CLOUDFRONT_URL`",
  },
  STORAGE_CLOUDFRONT_PRIVATE_KEY_FILE: {
    option: "cloudfront-private-key",
    meaning:
      "that key, RSA in PKCS#1 form, where the registry sees it, such as `/config/cloudfront/key.pem`",
    absent: "required with `STORAGE_CLOUDFRONT_URL`",
  },
};

/**
 * @param read - reader that collects faults
 * @returns where the registry keeps blobs: in a folder, where no bucket is named
 */
export function readStorageVariables(read: EnvReader): Options {
  const { "s3-bucket": bucket, "s3-region": region, ...further } = readBucketVariables(read);
  if (bucket !== undefined && region === undefined)
    read.fault("STORAGE_S3_REGION", "absent, wanted the region of STORAGE_S3_BUCKET");
  if (bucket === undefined)
    for (const [name, { option }] of Object.entries(STORAGE_VARIABLES))
      if (option in further)
        read.fault(name, "given without STORAGE_S3_BUCKET, so it would count for nothing");
  if (bucket === undefined || region === undefined) return { storage: "filesystem" };
  const storage = "cloudfront-base-url" in further ? "s3-cloudfront" : "s3";
  return { storage, "s3-bucket": bucket, "s3-region": region, ...further };
}

/**
 * @param read - reader that collects faults
 * @returns the options that stand in the environment, whether they make a whole or not
 */
export function readBucketVariables(read: EnvReader): Options {
  const bucket = read.optionalText("STORAGE_S3_BUCKET", {
    meaning: "bucket of the blobs (registry-config/README.md)",
    absent: "blobs are in a volume or folder; the command: `--s3-bucket`",
  });
  const region = read.optionalText("STORAGE_S3_REGION", {
    meaning: "region of the bucket",
    absent: "required with `STORAGE_S3_BUCKET`",
  });
  return {
    ...(bucket === null ? {} : { "s3-bucket": bucket }),
    ...(region === null ? {} : { "s3-region": region }),
    ...readFurther(read),
  };
}

/**
 * @param error - what was thrown while options were checked
 * @returns the same with the variables' names in the place of the options'
 */
export function inVariables(error: unknown): unknown {
  if (!(error instanceof ConfigError)) return error;
  return new ConfigError(error.faults.map(withVariable));
}

function withVariable(fault: string): string {
  const [option = ""] = fault.split(":", 1);
  const all: Record<string, string> = {
    "s3-bucket": "STORAGE_S3_BUCKET",
    "s3-region": "STORAGE_S3_REGION",
  };
  for (const name of Object.keys(STORAGE_VARIABLES)) all[optionOf(name)] = name;
  const variable = all[option];
  return variable === undefined ? fault : variable + fault.slice(option.length);
}

function readFurther(read: EnvReader): Options {
  const given = Object.entries(STORAGE_VARIABLES).flatMap(([name, { meaning, absent }]) => {
    const value = read.optionalText(name, { meaning, absent });
    return value === null ? [] : [[name, value] as const];
  });
  const found = Object.fromEntries(given);
  if (!("STORAGE_CLOUDFRONT_URL" in found))
    for (const name of Object.keys(found).filter((one) => one.startsWith("STORAGE_CLOUDFRONT_")))
      read.fault(name, "given without STORAGE_CLOUDFRONT_URL, so it would count for nothing");
  return Object.fromEntries(given.map(([name, value]) => [optionOf(name), value]));
}

function optionOf(name: string): string {
  return STORAGE_VARIABLES[name]?.option ?? name;
}
