import { connect } from "node:net";
import {
  createServer,
  getCACertificates,
  setDefaultCACertificates,
  type TLSSocket,
} from "node:tls";
import type { Authority } from "#service-kit/signing/certificates.js";
import { makeAuthority, makeLeaf } from "./certificates.js";
import { listening } from "./test-server.js";

/** Speaks TLS before a server that does not. */
export interface TlsFront {
  readonly port: number;
  stop(): Promise<void>;
}

/** Fronts whose certificates this process trusts, as if their authority came with the system. */
export interface TrustedFronts {
  /**
   * @param port - of a server on this machine
   * @param names - that its certificate is for
   */
  before(port: number, names: readonly string[]): Promise<TlsFront>;
  /** Ends the trust. */
  forget(): void;
}

/** @returns what makes fronts, none yet */
export async function trustedFronts(): Promise<TrustedFronts> {
  const before = getCACertificates("default");
  const authority = await makeAuthority();
  setDefaultCACertificates([...before, authority.certificatePem]);
  return {
    before: (port, names) => frontBefore(port, authority, names),
    forget: () => {
      setDefaultCACertificates(before);
    },
  };
}

/**
 * @param port - of a server on this machine
 * @param authority - which certifies the front
 * @param names - that its certificate is for
 * @returns the front
 */
export async function frontBefore(
  port: number,
  authority: Authority,
  names: readonly string[],
): Promise<TlsFront> {
  const { certificate, key } = await makeLeaf(authority, names);
  const pass = (socket: TLSSocket) => {
    const inner = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      one.on("error", () => undefined);
      one.once("close", () => other.destroy());
      one.pipe(other);
    }
  };
  return listening(createServer({ cert: certificate, key }, pass));
}
