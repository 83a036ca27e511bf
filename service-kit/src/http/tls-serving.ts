/** What a listener proves itself by, and how that changes while it listens. */
export interface TlsServing {
  /** @returns PEM of certificates and key for the next handshake */
  readonly current: () => { readonly certificatePem: string; readonly keyPem: string };
  /** @param listener - called whenever they have changed */
  onChange(listener: () => void): void;
}

/** RFC 8996: what came before is broken. */
export const LEAST_TLS = "TLSv1.2";

/**
 * @param serving - what a listener proves itself by
 * @returns options of Node's TLS; connections that stand are not touched by a change
 */
export function contextOptions(serving: TlsServing) {
  const { certificatePem, keyPem } = serving.current();
  return { cert: certificatePem, key: keyPem, minVersion: LEAST_TLS } as const;
}
