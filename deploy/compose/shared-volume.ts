import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { giveUpCommonAuthority } from "#service-kit/signing/common-authority.js";
import type { Volumes } from "./volumes.js";

/**
 * The volume from before, which all services shared, is mounted in this program alone by now: what is still good
 * goes where it belongs, and the rest is deleted.
 *
 * @param root - folder in which the volumes are mounted
 * @param volumes - where things belong
 */
export async function takeOverSharedVolume(root: string, volumes: Volumes): Promise<void> {
  const shared = join(root, "operator");
  const keys = join(shared, "keys");
  if (!(await giveUpCommonAuthority({ ...volumes.keys, keys }))) return;
  await mkdir(volumes.tokenServer, { recursive: true, mode: 0o700 });
  for (const file of await readdir(join(keys, "token-server")).catch(() => []))
    await copyFile(join(keys, "token-server", file), join(volumes.tokenServer, file));
  await rm(keys, { recursive: true, force: true });
  // Known to all services until now: a new one is made.
  await rm(join(shared, "secrets", "notification"), { force: true });
  await rm(join(shared, "registry.yml"), { force: true });
  console.log("the services have volumes of their own now; the common authority is given up");
}
