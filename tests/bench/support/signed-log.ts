import type { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openKeyRing, type KeyRing } from "#service-kit/signing/key-ring.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { renewKeys } from "#service-kit/signing/renew.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { AUDIT_BUNDLE } from "#service-kit/signing/trust-folder.js";
import { SILENT } from "#tests/support/silent.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

/** @returns a gateway's keys, what their signatures lead to, and how both go again */
export async function trustedKeys(): Promise<{
  readonly keys: KeyRing;
  readonly anchors: readonly X509Certificate[];
  readonly remove: () => Promise<void>;
}> {
  const folder = await temporaryFolder();
  const directory = folder.path;
  const renewal = { lifetimeSeconds: 86_400, ahead: 0 };
  await renewKeys(operatorFolders(directory), renewal, Math.floor(Date.now() / 1000));
  const given = { givenKeys: null, givenKeysFile: null, certificatesFile: null };
  const config = { directory, owner: "gateway", certified: true, ...given, retainSeconds: 60 };
  const keys = await openKeyRing(config, { now: Date.now, log: SILENT });
  const bundle = join(operatorFolders(directory).trust, AUDIT_BUNDLE);
  return {
    keys,
    anchors: parseCertificates(await readFile(bundle, "utf8"), bundle),
    remove: () => folder.remove(),
  };
}
