import type { CloudFront, RegistryLine, RegistrySettings, S3Storage } from "./settings.js";

type Storage = RegistrySettings["storage"];

/**
 * @param storage - where blobs are kept
 * @param registry - line of the registry that reads the section
 * @returns the `storage` section
 */
export function storageSection(storage: Storage, registry: RegistryLine) {
  return {
    ...driver(storage, registry),
    delete: { enabled: true },
    // A file system answers as fast as the cache, and a cache outlives what garbage collection removes: the
    // registry would accept manifests whose layers are gone.
    ...(storage.kind === "s3" ? { cache: { blobdescriptor: "inmemory" } } : {}),
    // All four keys: the registry panics on an `uploadpurging` that lacks one of them.
    maintenance: {
      uploadpurging: { enabled: true, age: "168h", interval: "24h", dryrun: false },
    },
  };
}

/**
 * @param storage - where blobs are kept
 * @returns the storage middleware that sends pulls to CloudFront, or `null` when there is none
 */
export function storageMiddleware(storage: Storage) {
  if (storage.kind !== "s3" || storage.cloudFront === null) return null;
  return { name: "cloudfront", options: cloudFrontOptions(storage.cloudFront) };
}

function driver(storage: Storage, registry: RegistryLine) {
  if (storage.kind === "filesystem")
    return { filesystem: { rootdirectory: storage.rootDirectory, maxthreads: 100 } };
  return { s3: s3Section(storage, registry), redirect: { disable: !storage.redirect } };
}

function s3Section(storage: S3Storage, registry: RegistryLine) {
  return {
    region: storage.region,
    bucket: storage.bucket,
    ...given("regionendpoint", storage.endpoint),
    // 2.8 has no such key: with an endpoint of one's own it always uses the path style.
    ...(registry === "3" ? { forcepathstyle: storage.forcePathStyle } : {}),
    encrypt: storage.encrypt,
    ...given("keyid", storage.keyId),
    secure: storage.secure,
    v4auth: storage.v4Auth,
    chunksize: storage.chunkSize,
    ...given("rootdirectory", storage.rootDirectory),
    ...given("storageclass", storage.storageClass),
  };
}

function cloudFrontOptions(cloudFront: CloudFront) {
  return {
    baseurl: cloudFront.baseUrl,
    privatekey: cloudFront.privateKeyFile,
    keypairid: cloudFront.keyPairId,
    duration: cloudFront.duration,
    ipfilteredby: cloudFront.ipFilteredBy,
    ...given("awsregion", cloudFront.awsRegions),
  };
}

function given(key: string, value: string | null): Record<string, string> {
  return value === null ? {} : { [key]: value };
}
