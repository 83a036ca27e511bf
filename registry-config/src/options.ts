import { envReader, type EnvReader } from "#service-kit/config.js";
import { secretOfFile, SHARED_SECRET } from "#service-kit/secret-form.js";
import {
  ANY_LAYER_URL,
  MIN_CHUNK_SIZE,
  NO_LAYER_URL,
  REGISTRY_LOG_LEVELS,
  UPSTREAM_ISSUER,
  UPSTREAM_REALM,
  UPSTREAM_SERVICE,
} from "./settings.js";
import type {
  CloudFront,
  FilesystemStorage,
  RegistryLine,
  RegistrySettings,
  S3Storage,
} from "./settings.js";
import { faultsOfStorage } from "./storage-rules.js";

/** Options of the command line with their meaning; every one takes a value. */
export const OPTIONS = {
  registry: "2.8 or 3: line of the stock registry that reads the file (required)",
  storage: "filesystem, s3 or s3-cloudfront (required)",
  out: "file to write, mode 0600; - prints it (required)",
  "notification-url": "the gateway's webhook, e.g. http://gateway:8082/hooks/registry (required)",
  "notification-secret-file": "file with the secret of that webhook (required)",
  "http-secret-file":
    "file with the key of upload states, the same for all replicas; absent: set REGISTRY_HTTP_SECRET",
  "root-cert-bundle":
    "certificates the gateway's tokens lead to, and nobody else's (/etc/wharfinger/trust/gateway.pem)",
  listen: "host:port to listen on (0.0.0.0:5000)",
  "metrics-listen": "host:port for the registry's own metrics and pprof (none)",
  "log-level": "error or warn; from info on the registry prints the notification secret (warn)",
  "layer-urls":
    "regular expression of URLs that layers from elsewhere may have, as of images for Windows, or none (^https?://)",
  "drain-seconds": "time for open requests at shutdown (30)",
  "root-directory":
    "folder of the blobs (filesystem: /var/lib/registry), prefix of the keys (s3: none)",
  "s3-bucket": "bucket (STORAGE_S3_BUCKET of the environment; the same for what follows)",
  "s3-region": "region of the bucket (required for s3)",
  "s3-endpoint": "URL of an S3 server other than Amazon's (none)",
  "s3-force-path-style": "true or false; 3 only, 2.8 always does with an endpoint (false)",
  "s3-encrypt": "true or false: encryption by S3 (true)",
  "s3-key-id": "KMS key of that encryption (S3's own)",
  "s3-secure": "true or false: speak TLS to S3 (true)",
  "s3-v4auth": "true or false: signature version 4 (true)",
  "s3-chunk-size": "bytes of one part of an upload, at least 5242880 (10485760)",
  "s3-storage-class": "storage class of new objects (S3's default)",
  redirect: "true or false: send pulls of blobs on to S3 (true)",
  "cloudfront-base-url": "URL of the distribution (required for s3-cloudfront)",
  "cloudfront-private-key": "file with the RSA key in PKCS#1 form (required for s3-cloudfront)",
  "cloudfront-key-pair-id": "id of that key (required for s3-cloudfront)",
  "cloudfront-duration": "how long a signed URL holds, e.g. 20m (20m)",
  "cloudfront-ip-filter": "none, aws or awsregion: who goes to S3 directly (none)",
  "cloudfront-aws-regions": "regions for awsregion, split by commas",
} as const;

/** Values of the command line by option name. */
export type Options = Partial<Record<keyof typeof OPTIONS, string>>;

/**
 * @param options - values of the command line
 * @returns the checked settings
 * @throws ConfigError naming every option that is absent or wrong
 */
export function readSettings(options: Options): RegistrySettings {
  const read = envReader(options);
  const required = requiredText(read);
  const settings: RegistrySettings = {
    registry: read.oneOf("registry", "3", ["2.8", "3"]),
    listen: address(read, "listen", "0.0.0.0:5000") ?? "",
    metricsListen: address(read, "metrics-listen", null),
    logLevel: read.oneOf("log-level", "warn", REGISTRY_LOG_LEVELS),
    layerUrls: layerUrls(read),
    drainSeconds: read.integer("drain-seconds", 30, { min: 1, max: 3600 }),
    httpSecret: secretFile(read, "http-secret-file", null),
    token: {
      realm: UPSTREAM_REALM,
      service: UPSTREAM_SERVICE,
      issuer: UPSTREAM_ISSUER,
      rootCertBundle: read.text("root-cert-bundle", "/etc/wharfinger/trust/gateway.pem"),
    },
    notifications: {
      url: read.url("notification-url"),
      secret:
        secretFile(read, "notification-secret-file", required("notification-secret-file")) ?? "",
    },
    storage: storageOf(read),
  };
  required("registry");
  for (const [name, message] of faultsOfStorage(settings)) read.fault(name, message);
  read.throwIfFaulty();
  return settings;
}

/**
 * @param options - of those above the ones about the storage
 * @param registry - line of the registry that is to use it
 * @returns the checked storage
 * @throws ConfigError naming every option that is absent or wrong
 */
export function readStorage(options: Options, registry: RegistryLine): RegistrySettings["storage"] {
  const read = envReader(options);
  const storage = storageOf(read);
  for (const [name, message] of faultsOfStorage({ registry, storage })) read.fault(name, message);
  read.throwIfFaulty();
  return storage;
}

function storageOf(read: EnvReader): RegistrySettings["storage"] {
  const kind = requiredText(read)("storage");
  if (kind !== "" && !["filesystem", "s3", "s3-cloudfront"].includes(kind))
    read.fault("storage", `given ${JSON.stringify(kind)}, wanted filesystem, s3, s3-cloudfront`);
  return kind.startsWith("s3") ? s3(read, kind === "s3-cloudfront") : filesystem(read);
}

function requiredText(read: EnvReader) {
  return (name: string): string => {
    const value = read.optionalText(name);
    if (value === null) read.fault(name, "absent, wanted a value");
    return value ?? "";
  };
}

function filesystem(read: EnvReader): FilesystemStorage {
  return { kind: "filesystem", rootDirectory: read.text("root-directory", "/var/lib/registry") };
}

function s3(read: EnvReader, withCloudFront: boolean): S3Storage {
  const required = requiredText(read);
  return {
    kind: "s3",
    bucket: required("s3-bucket"),
    region: required("s3-region"),
    endpoint: read.optionalUrl("s3-endpoint"),
    forcePathStyle: read.flag("s3-force-path-style", false),
    rootDirectory: read.optionalText("root-directory"),
    encrypt: read.flag("s3-encrypt", true),
    keyId: read.optionalText("s3-key-id"),
    secure: read.flag("s3-secure", true),
    v4Auth: read.flag("s3-v4auth", true),
    chunkSize: read.integer("s3-chunk-size", 2 * MIN_CHUNK_SIZE, {
      min: MIN_CHUNK_SIZE,
      max: 5 * 1024 ** 3,
    }),
    storageClass: read.optionalText("s3-storage-class"),
    redirect: read.flag("redirect", true),
    cloudFront: withCloudFront ? cloudFront(read) : null,
  };
}

function cloudFront(read: EnvReader): CloudFront {
  const required = requiredText(read);
  return {
    baseUrl: read.url("cloudfront-base-url"),
    privateKeyFile: required("cloudfront-private-key"),
    keyPairId: required("cloudfront-key-pair-id"),
    duration: read.text("cloudfront-duration", "20m"),
    ipFilteredBy: read.oneOf("cloudfront-ip-filter", "none", ["none", "aws", "awsregion"]),
    awsRegions: read.optionalText("cloudfront-aws-regions"),
  };
}

function address(read: EnvReader, name: string, fallback: string | null): string | null {
  const given = read.optionalText(name) ?? fallback;
  if (given !== null && !/^[^\s:]*:\d{1,5}$/.test(given))
    read.fault(name, `given ${JSON.stringify(given)}, wanted host:port`);
  return given;
}

/** Beyond RE2: looking around, and back to what was found. The registry would end at start. */
const NOT_IN_GO = /\(\?<?[=!]|\\[1-9]|\\k</;

function layerUrls(read: EnvReader): string {
  const given = read.optionalText("layer-urls");
  if (given === null) return ANY_LAYER_URL;
  if (given === "none") return NO_LAYER_URL;
  try {
    if (!NOT_IN_GO.test(given)) return new RegExp(given).source;
  } catch {
    // Told below.
  }
  read.fault(
    "layer-urls",
    `given ${JSON.stringify(given)}, wanted a regular expression of Go or none`,
  );
  return NO_LAYER_URL;
}

function secretFile(read: EnvReader, name: string, fallback: string | null): string | null {
  const file = read.optionalText(name);
  if (file === null) return fallback;
  const { text, fault } = secretOfFile(file, SHARED_SECRET);
  if (fault !== null) read.fault(name, fault);
  return text;
}
