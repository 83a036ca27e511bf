import { readFileSync } from "node:fs";
import net from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Client } from "ldapts";
import type { LdapConfig } from "./ldap-schema.js";

/**
 * Opens a connection for one login and closes it again.
 *
 * @param config - where the directory is
 * @param use - what to do with the connection
 * @returns what `use` returned
 * @throws whatever `use` or the network throws
 */
export async function withConnection<T>(
  config: LdapConfig,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const milliseconds = config.timeoutSeconds * 1000;
  const socket = singleSocket();
  const client = new Client({
    url: config.url,
    timeout: milliseconds,
    connectTimeout: milliseconds,
    // With these, the library speaks TLS from the start whatever the URL says.
    ...(config.url.startsWith("ldaps:") ? { tlsOptions: tlsOptions(config) } : {}),
    createConnection: socket.connect,
  });
  // The library bounds every step but this handshake.
  const deadline = setTimeout(socket.destroy, milliseconds);
  try {
    if (config.startTls) await client.startTLS(tlsOptions(config));
    clearTimeout(deadline);
    return await use(client);
  } finally {
    clearTimeout(deadline);
    await client.unbind().catch(() => undefined);
    socket.destroy();
  }
}

/**
 * ldapts connects anew when it finds a connection lost. After StartTLS the new one would be in the
 * clear, and the next thing sent could be a password.
 */
function singleSocket() {
  let socket: net.Socket | null = null;
  const connect = (port: number, host: string) => {
    if (socket !== null) throw new Error("the connection was lost");
    socket = net.connect(port, host);
    return socket;
  };
  return {
    connect: connect as typeof net.connect,
    destroy: () => {
      socket?.destroy();
    },
  };
}

function tlsOptions({ url, caFile }: LdapConfig): ConnectionOptions {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return {
    host,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    minVersion: "TLSv1.2",
  };
}
