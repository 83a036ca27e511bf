import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSettings } from "#registry-config/options.js";
import { renderRegistryConfig } from "#registry-config/render.js";
import { inVariables } from "#registry-config/storage-variables.js";
import { envReader } from "#service-kit/config.js";
import { exitCodeOf, isConfiguration } from "#service-kit/exit-code.js";
import { readKeyFolder } from "#service-kit/signing/key-folder.js";
import { renewAuthorityInTime, renewKeys } from "#service-kit/signing/renew.js";
import { GATEWAY_BUNDLE } from "#service-kit/signing/trust-folder.js";
import { readRegistryOptions } from "./registry-options.js";
import { takeOverSharedVolume } from "./shared-volume.js";
import { secretFor, type Volumes, volumesBelow } from "./volumes.js";

/** Run once in a fortnight, as by `up`, there are always two keys to come. */
const RENEWAL = { lifetimeSeconds: 14 * 86_400, ahead: 2 };
/** Its keys are there for six weeks, so that the registry is restarted long before one of the next authority signs. */
const AUTHORITY_LEFT_SECONDS = 90 * 86_400;

/**
 * Fills the volumes of docker-compose: each service gets its own keys and secrets, everybody the certificates, and the
 * authority's key stays where this program alone looks. Run again, it keeps what is there, makes the next keys, and the
 * registry's configuration anew.
 */
async function main(root: string, env: NodeJS.ProcessEnv): Promise<void> {
  const read = envReader(env);
  const registry = readRegistryOptions(read);
  read.throwIfFaulty();
  const volumes = volumesBelow(root);
  await takeOverSharedVolume(root, volumes);
  const notification = await secretFor(volumes.gateway, "notification");
  const http = await secretFor(volumes.operatorSecrets, "registry-http");
  await makeKeys(volumes);
  const config = renderRegistryConfig(
    readSettings({
      ...registry,
      "notification-url": "http://gateway:8082/hooks/registry",
      "notification-secret-file": notification,
      "http-secret-file": http,
      "root-cert-bundle": join(volumes.keys.trust, GATEWAY_BUNDLE),
    }),
  );
  await mkdir(volumes.registry, { recursive: true, mode: 0o700 });
  const file = join(volumes.registry, "registry.yml");
  const draft = `${file}.draft`;
  // The registry's image runs as root without our user's name; root may read a file of ours.
  await writeFile(draft, config, { mode: 0o600, flush: true });
  // At once, so that a registry that restarts meanwhile never reads half of it.
  await rename(draft, file);
  console.log(`wrote ${file}`);
}

async function makeKeys({ keys }: Volumes): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  if (await renewAuthorityInTime(keys, AUTHORITY_LEFT_SECONDS, now))
    console.log("ANOTHER AUTHORITY certifies the gateway's keys: docker compose restart registry");
  const { made, coveredUntil } = await renewKeys(keys, RENEWAL, now);
  for (const name of made) console.log(`made the gateway's key ${name}`);
  console.log(`the gateway has keys until ${new Date(coveredUntil * 1000).toISOString()}`);
  // Services cannot write their own folders.
  await readKeyFolder({ directory: keys.keys, owner: "token-server", certified: false });
}

try {
  await main(process.argv[2] ?? "/etc/wharfinger", process.env);
} catch (error) {
  const told = inVariables(error);
  console.error(isConfiguration(told) ? told.message : told);
  process.exit(exitCodeOf(told));
}
