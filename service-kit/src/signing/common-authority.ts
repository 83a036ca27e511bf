import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { keyNames } from "./key-folder.js";
import { CERTIFIED_OWNER, type OperatorFolders } from "./operator-folders.js";
import { addToAuditTrust } from "./trust-folder.js";

/**
 * Folders from before authorities were apart: one authority beside the keys had certified both services' keys. It is
 * given up, and the gateway's keys with it; the token server keeps its keys, without their certificates. Auditors
 * go on trusting what was signed.
 *
 * @param folders - the operator's
 * @returns whether there was one
 */
export async function giveUpCommonAuthority(folders: OperatorFolders): Promise<boolean> {
  const file = join(folders.keys, "ca.cert.pem");
  const certificate = await readFile(file, "utf8").catch(() => null);
  if (certificate === null) return false;
  await addToAuditTrust(folders.trust, [certificate]);
  for (const owner of await servicesIn(folders.keys)) await forgetCertified(folders.keys, owner);
  await rm(join(folders.keys, "ca.key.pem"), { force: true });
  // Last: found again, everything above is done again.
  await rm(file);
  return true;
}

async function forgetCertified(keys: string, owner: string): Promise<void> {
  for (const name of await keyNames(keys, owner)) {
    await rm(join(keys, owner, `${name}.cert.pem`), { force: true });
    if (owner === CERTIFIED_OWNER) await rm(join(keys, owner, `${name}.key.pem`));
  }
}

async function servicesIn(keys: string): Promise<string[]> {
  const entries = await readdir(keys, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
