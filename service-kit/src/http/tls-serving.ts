/** PEM of certificates, the server's own first, and of the private key. */
export interface TlsPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What a listener proves itself by, and how that changes while it listens. */
export interface TlsServing {
  /** @returns PEM of certificates and key for the next handshake */
  readonly current: () => TlsPair;
  /** @param listener - called whenever they have changed */
  onChange(listener: () => void): void;
  /**
   * @param name - that an authority asks for by TLS-ALPN-01 (RFC 8737)
   * @returns what it is shown; `null`: nobody is being certified for that. Absent: nobody ever is
   */
  readonly challenge?: (name: string) => Promise<TlsPair | null>;
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
