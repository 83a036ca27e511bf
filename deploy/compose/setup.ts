import { randomBytes } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSettings, type Options } from "#registry-config/options.js";
import { renderRegistryConfig } from "#registry-config/render.js";
import { ConfigError, envReader } from "#service-kit/config.js";
import { createOnce } from "#service-kit/signing/create-once.js";
import { openAuthority } from "#service-kit/signing/key-folder.js";

/**
 * Fills the volume that the services of docker-compose share, once: the authority that the registry
 * trusts, two secrets, and the registry's configuration made from them. Run again, it keeps what is there
 * and makes the configuration anew.
 */
async function main(root: string, env: NodeJS.ProcessEnv): Promise<void> {
  const registry = registryOptions(env);
  const secrets = join(root, "secrets");
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  const notification = join(secrets, "notification");
  const http = join(secrets, "registry-http");
  const newSecret = () => Promise.resolve(randomBytes(32).toString("hex"));
  await createOnce(notification, 0o600, newSecret);
  await createOnce(http, 0o600, newSecret);
  await openAuthority(join(root, "keys"));
  const config = renderRegistryConfig(
    readSettings({
      ...registry,
      "notification-url": "http://gateway:8080/hooks/registry",
      "notification-secret-file": notification,
      "http-secret-file": http,
      "root-cert-bundle": join(root, "keys", "ca.cert.pem"),
    }),
  );
  const file = join(root, "registry.yml");
  const draft = `${file}.draft`;
  // The registry's image runs as root without our user's name; root may read a file of ours.
  await writeFile(draft, config, { mode: 0o600, flush: true });
  // At once, so that a registry that restarts meanwhile never reads half of it.
  await rename(draft, file);
  console.log(`wrote ${file}`);
}

/** @throws ConfigError naming every variable that is wrong */
function registryOptions(env: NodeJS.ProcessEnv): Options {
  const read = envReader(env);
  const registry = read.oneOf("REGISTRY_LINE", "3", ["2.8", "3"]);
  const bucket = read.optionalText("STORAGE_S3_BUCKET");
  const region = read.optionalText("STORAGE_S3_REGION");
  if (bucket !== null && region === null)
    read.fault("STORAGE_S3_REGION", "absent, wanted the region of STORAGE_S3_BUCKET");
  read.throwIfFaulty();
  if (bucket === null || region === null) return { registry, storage: "filesystem" };
  return { registry, storage: "s3", "s3-bucket": bucket, "s3-region": region };
}

try {
  await main(process.argv[2] ?? "/etc/wharfinger", process.env);
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
