import { createHash } from "node:crypto";

/**
 * @param parts - where a sink leads; URLs of webhooks may hold a secret
 * @returns its fingerprint, which tells nothing of them
 */
export function targetOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
