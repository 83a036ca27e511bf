import { readBucket, type Options } from "#registry-config/options.js";
import type { EnvReader } from "#service-kit/config.js";

/**
 * @param read - reader that collects faults
 * @returns which registry docker-compose runs, and where it keeps blobs
 */
export function readRegistryOptions(read: EnvReader): Options {
  const registry = read.oneOf("REGISTRY_LINE", "3", ["2.8", "3"], "line of the stock registry");
  const bucket = readBucket(read);
  const region = read.optionalText("STORAGE_S3_REGION", {
    meaning: "region of the bucket",
    absent: "required with `STORAGE_S3_BUCKET`",
  });
  if (bucket !== null && region === null)
    read.fault("STORAGE_S3_REGION", "absent, wanted the region of STORAGE_S3_BUCKET");
  if (bucket === null || region === null) return { registry, storage: "filesystem" };
  return { registry, storage: "s3", "s3-bucket": bucket, "s3-region": region };
}
