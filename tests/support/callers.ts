import type { Caller } from "#gateway/proxy/caller.js";

/**
 * @param known - what makes this one special
 * @returns somebody whose token has been verified
 */
export function callerWith(known: Partial<Caller> = {}): Caller {
  return {
    subject: "alice",
    realm: "/employees",
    kind: "oauth2",
    access: [],
    isTrusted: false,
    validUntil: 4_102_444_800,
    refused: [],
    view: "not-told",
    ...known,
  };
}
