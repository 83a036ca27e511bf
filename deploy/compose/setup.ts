import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSettings } from "#registry-config/options.js";
import { renderRegistryConfig } from "#registry-config/render.js";
import { createOnce } from "#service-kit/signing/create-once.js";
import { openAuthority } from "#service-kit/signing/key-folder.js";

/**
 * Fills the volume that the services of docker-compose share, once: the authority that the registry
 * trusts, two secrets, and the registry's configuration made from them. Run again, it keeps what is there
 * and makes the configuration anew.
 */
async function main(root: string, env: NodeJS.ProcessEnv): Promise<void> {
  const secrets = join(root, "secrets");
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  const notification = join(secrets, "notification");
  const http = join(secrets, "registry-http");
  const newSecret = () => Promise.resolve(randomBytes(32).toString("hex"));
  await createOnce(notification, 0o600, newSecret);
  await createOnce(http, 0o600, newSecret);
  await openAuthority(join(root, "keys"));
  const bucket = env.STORAGE_S3_BUCKET ?? "";
  const storage =
    bucket === ""
      ? { storage: "filesystem" }
      : { storage: "s3", "s3-bucket": bucket, "s3-region": env.STORAGE_S3_REGION ?? "" };
  const config = renderRegistryConfig(
    readSettings({
      registry: env.REGISTRY_LINE ?? "3",
      ...storage,
      "notification-url": "http://gateway:8080/hooks/registry",
      "notification-secret-file": notification,
      "http-secret-file": http,
      "root-cert-bundle": join(root, "keys", "ca.cert.pem"),
    }),
  );
  // The registry's image runs as root without our user's name; root may read a file of ours.
  await writeFile(join(root, "registry.yml"), config, { mode: 0o600 });
  console.log(`wrote ${join(root, "registry.yml")}`);
}

await main(process.argv[2] ?? "/etc/wharfinger", process.env);
