export { openAuthority } from "./key-folder.js";
export type { SigningKey } from "./signing-key.js";
import type { Logger } from "../log.js";
import { openKeyRing } from "./key-ring.js";
import type { SigningKey } from "./signing-key.js";
export async function openSigningKey(
  config: { directory: string; owner: string; keyFile: null; certificateFile: null },
  log: Logger,
): Promise<SigningKey> {
  const ring = await openKeyRing(
    { ...config, givenKeys: null, givenKeysFile: null, certificatesFile: null, retainSeconds: 60 },
    { now: Date.now, log },
  );
  return ring.active();
}
