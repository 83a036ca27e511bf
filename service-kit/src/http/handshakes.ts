import type { Socket } from "node:net";
import type { Connection } from "./open-connections.js";

/** Connections whose TLS handshake is not done. */
export interface Handshakes {
  begin(connection: Connection): void;
  /** @returns the one that a TLS socket is on, which is none of these any more */
  end(secure: Socket): Connection | undefined;
}

/**
 * Node counts connections by one socket and gives requests on another, and tells nowhere which belongs to which; both
 * have the same ends.
 *
 * @returns none
 */
export function handshakes(): Handshakes {
  const begun = new Map<string, Connection>();
  return {
    begin: (connection) => {
      const ends = endsOf(connection.tcp);
      begun.set(ends, connection);
      connection.tcp.once("close", () => {
        if (begun.get(ends) === connection) begun.delete(ends);
      });
    },
    end: (secure) => {
      const ends = endsOf(secure);
      const connection = begun.get(ends);
      begun.delete(ends);
      return connection;
    },
  };
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(" ");
}
