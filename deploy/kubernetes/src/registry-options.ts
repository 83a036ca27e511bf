import { TRUST } from "./own-container.ts";
import { PORTS } from "./ports.ts";
import type { Settings } from "./settings.ts";
import { TIMES } from "./times.ts";

export const SECRETS = "/etc/wharfinger/secrets";
export const CONFIGURATION = "/etc/wharfinger/registry";

/**
 * @param settings - where blobs are
 * @returns the options of `npm run registry-config`, the one source of the registry's configuration
 */
export function registryOptions({ storage }: Settings): Record<string, string> {
  return {
    registry: "3",
    ...(storage.kind === "s3" ? bucket(storage) : { storage: "filesystem" }),
    "notification-url": `http://gateway:${PORTS.notifications}/hooks/registry`,
    "notification-secret-file": `${SECRETS}/notification`,
    "http-secret-file": `${SECRETS}/registry-http`,
    "root-cert-bundle": `${TRUST}/gateway.pem`,
    "drain-seconds": String(TIMES.registryDrain),
    out: `${CONFIGURATION}/registry.yml`,
  };
}

type Bucket = Extract<Settings["storage"], { kind: "s3" }>;

function bucket(storage: Bucket): Record<string, string> {
  const { endpoint } = storage;
  const further: Record<string, string | undefined> = {
    "s3-endpoint": endpoint,
    "s3-secure": endpoint?.startsWith("http:") === true ? "false" : undefined,
    "root-directory": storage.prefix,
    "s3-key-id": storage.kmsKeyId,
    "s3-storage-class": storage.storageClass,
  };
  const given = Object.entries(further).flatMap(([option, value]) =>
    value === undefined ? [] : [[option, value] as const],
  );
  return {
    storage: "s3",
    "s3-bucket": storage.bucket,
    "s3-region": storage.region,
    "s3-force-path-style": String(storage.pathStyle),
    "s3-encrypt": String(storage.encrypt),
    redirect: String(storage.redirect),
    ...Object.fromEntries(given),
  };
}
