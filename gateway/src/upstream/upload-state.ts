/** Of the stock registry's own signature, which only it can check (distribution, registry/handlers/hmac.go). */
const SIGNATURE_BYTES = 32;
const OFFSET = /"Offset":(\d{1,15})[,}]/;

/**
 * Stock registries write into an upload's URL how far it is, and refuse a URL that says something else.
 *
 * @param state - `_state` of an upload's URL
 * @returns how many bytes the upload has; `null` when that cannot be read from it
 */
export function uploadOffset(state: string): number | null {
  const said = Buffer.from(state, "base64url").subarray(SIGNATURE_BYTES).toString("latin1");
  const offset = OFFSET.exec(said)?.[1];
  return offset === undefined ? null : Number(offset);
}
