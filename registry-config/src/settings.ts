/** The two lines of stock registries that are supported; their configuration keys differ in places. */
export type RegistryLine = "2.8" | "3";

/** What a configuration of the stock registry is made from. */
export interface RegistrySettings {
  registry: RegistryLine;
  /** `host:port` the registry listens on. */
  listen: string;
  /** `host:port` of the registry's own metrics, or `null` for no such listener. */
  metricsListen: string | null;
  logLevel: RegistryLogLevel;
  drainSeconds: number;
  /** Key of the upload state the registry hands out; `null` leaves it to `REGISTRY_HTTP_SECRET`. */
  httpSecret: string | null;
  token: TokenSettings;
  notifications: { url: string; secret: string };
  /**
   * Regular expression (RE2) of the URLs from which layers may be had that are not in the registry; absent: all of the web's.
   */
  layerUrls?: string;
  storage: FilesystemStorage | S3Storage;
}

/** From `info` on both lines print the headers of their notification endpoints at start, and so the secret. */
export const REGISTRY_LOG_LEVELS = ["error", "warn"] as const;
export type RegistryLogLevel = (typeof REGISTRY_LOG_LEVELS)[number];

/** How the registry checks the tokens that the gateway signs for it. */
export interface TokenSettings {
  realm: string;
  service: string;
  issuer: string;
  rootCertBundle: string;
}

/** Blobs in a folder of this machine. */
export interface FilesystemStorage {
  kind: "filesystem";
  rootDirectory: string;
}

/** Blobs in a bucket of Amazon S3 or of a server that speaks its protocol. */
export interface S3Storage {
  kind: "s3";
  bucket: string;
  region: string;
  /** URL of a server other than Amazon's. */
  endpoint: string | null;
  forcePathStyle: boolean;
  rootDirectory: string | null;
  encrypt: boolean;
  keyId: string | null;
  secure: boolean;
  v4Auth: boolean;
  chunkSize: number;
  storageClass: string | null;
  /** Whether pulls of blobs are sent on to the bucket (or CloudFront) instead of through the registry. */
  redirect: boolean;
  cloudFront: CloudFront | null;
}

/** The distribution that answers redirected pulls. */
export interface CloudFront {
  baseUrl: string;
  privateKeyFile: string;
  keyPairId: string;
  duration: string;
  ipFilteredBy: "none" | "aws" | "awsregion";
  /** Regions whose addresses go to S3 directly, for `awsregion`. */
  awsRegions: string | null;
}

/** What `layerUrls` is where nothing else is said: the registry's own default is no URL at all, and 500 for them. */
export const ANY_LAYER_URL = "^https?://";
/** No URL at all. */
export const NO_LAYER_URL = "^$";

/** Audience of the tokens that the gateway signs for the registry. */
export const UPSTREAM_SERVICE = "wharfinger-upstream";
/** Issuer of the tokens that the gateway signs for the registry. */
export const UPSTREAM_ISSUER = "wharfinger-gateway";
/** Clients never see the registry's challenge, so this realm leads nowhere on purpose. */
export const UPSTREAM_REALM = "https://registry-is-reached-through-the-gateway.invalid/token";
/** Amazon refuses parts of a multipart upload that are smaller, but for the last. */
export const MIN_CHUNK_SIZE = 5 * 1024 * 1024;
