import { createHmac } from "node:crypto";
import type { SecretForm } from "#service-kit/secret-form.js";

/** Standard Webhooks 1.0, section "Signature scheme": 24 to 64 random bytes in base64 behind a prefix. */
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const [FEWEST_BYTES, MOST_BYTES] = [24, 64];

/**
 * @param content - secrets, each on a line of its own; several while they are changed
 * @returns the keys in them; `null` when any line is no secret, or there is none
 */
export function signingKeys(content: string): readonly Buffer[] | null {
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  const keys = lines.filter((line) => line !== "").map(keyOf);
  const good = keys.filter((key) => key !== null);
  return good.length === keys.length && good.length > 0 ? good : null;
}

/** Content of a file with signing secrets. */
export const SIGNING_SECRETS: SecretForm = {
  wanted: `lines of whsec_ and base64 of ${FEWEST_BYTES} to ${MOST_BYTES} bytes`,
  accepts: (content) => signingKeys(content) !== null,
};

/**
 * @param message - its id, and the body exactly as it is sent
 * @param keys - all that a receiver may know
 * @param now - milliseconds since the epoch
 * @returns the headers by which a receiver knows who sent it and when (Standard Webhooks 1.0)
 */
export function signatureHeaders(
  { id, body }: { readonly id: string; readonly body: string },
  keys: readonly Buffer[],
  now: number,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000));
  const signatures = keys.map((key) => {
    const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`);
    return `v1,${hmac.digest("base64")}`;
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

function keyOf(line: string): Buffer | null {
  const key = Buffer.from(SECRET.exec(line)?.[1] ?? "", "base64");
  return key.length < FEWEST_BYTES || key.length > MOST_BYTES ? null : key;
}
