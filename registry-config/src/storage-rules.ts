import type { CloudFront, RegistryLine, RegistrySettings, S3Storage } from "./settings.js";

type Fault = readonly [option: string, message: string];

const CLASSES_OF_2_8 = ["NONE", "STANDARD", "REDUCED_REDUNDANCY"];
const CLASSES_OF_3 = [
  ...CLASSES_OF_2_8,
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "OUTPOSTS",
  "GLACIER_IR",
  "EXPRESS_ONEZONE",
];

/**
 * The registry panics at start, or worse, ignores it, when these rules are broken.
 *
 * @param settings - settings whose single values are sound
 * @returns what does not fit together, by option name
 */
export function faultsOfStorage({
  registry,
  storage,
}: Pick<RegistrySettings, "registry" | "storage">): Fault[] {
  if (storage.kind === "filesystem") return [];
  return [
    ...faultsOfS3(storage, registry),
    ...(storage.cloudFront === null ? [] : faultsOfCloudFront(storage.cloudFront, storage)),
  ];
}

function faultsOfS3(storage: S3Storage, registry: RegistryLine): Fault[] {
  const classes = registry === "3" ? CLASSES_OF_3 : CLASSES_OF_2_8;
  const faults: Fault[] = [];
  if (storage.bucket !== "" && !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(storage.bucket))
    faults.push(["s3-bucket", `given ${JSON.stringify(storage.bucket)}, wanted a bucket name`]);
  if (storage.keyId !== null && !storage.encrypt)
    faults.push(["s3-key-id", "needs s3-encrypt true"]);
  if (!storage.v4Auth && (storage.endpoint === null || isAmazon(storage.endpoint)))
    faults.push([
      "s3-v4auth",
      "Amazon S3 takes version 4 signatures alone, so false needs s3-endpoint",
    ]);
  if (storage.forcePathStyle && registry === "2.8" && storage.endpoint === null)
    faults.push(["s3-force-path-style", "2.8 uses the path style only together with s3-endpoint"]);
  if (storage.storageClass !== null && !classes.includes(storage.storageClass))
    faults.push(["s3-storage-class", `wanted one of ${classes.join(", ")} for ${registry}`]);
  return faults;
}

function isAmazon(endpoint: string): boolean {
  return URL.canParse(endpoint) && /(^|\.)amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}

function faultsOfCloudFront(cloudFront: CloudFront, { redirect }: S3Storage): Fault[] {
  const faults: Fault[] = [];
  if (!redirect)
    faults.push(["redirect", "CloudFront is reached by redirects, so false makes no sense"]);
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(cloudFront.duration))
    faults.push([
      "cloudfront-duration",
      `given ${JSON.stringify(cloudFront.duration)}, wanted e.g. 20m`,
    ]);
  if (cloudFront.ipFilteredBy === "awsregion" && cloudFront.awsRegions === null)
    faults.push(["cloudfront-aws-regions", "absent, wanted with cloudfront-ip-filter awsregion"]);
  return faults;
}
