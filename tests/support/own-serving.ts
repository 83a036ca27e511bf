import type { TlsServing } from "#service-kit/http/tls-serving.js";
import { makeAuthority, makeLeaf } from "./certificates.js";

/** What a listener proves itself by in a test, and who vouches for it. */
export interface OwnServing extends TlsServing {
  /** PEM of the authority. */
  readonly authority: string;
  /** Serves another certificate of the same authority from now on. */
  renew(): Promise<void>;
}

/** @returns a certificate for `localhost`, of an authority of its own */
export async function ownServing(): Promise<OwnServing> {
  const authority = await makeAuthority();
  const make = async () => {
    const { certificate, key } = await makeLeaf(authority, ["localhost"]);
    return { certificatePem: certificate, keyPem: key };
  };
  const listeners: (() => void)[] = [];
  let pair = await make();
  return {
    authority: authority.certificatePem,
    current: () => pair,
    onChange: (listener) => listeners.push(listener),
    renew: async () => {
      pair = await make();
      for (const listener of listeners) listener();
    },
  };
}
