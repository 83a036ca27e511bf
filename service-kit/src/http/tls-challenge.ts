import type { Server } from "node:http";
import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { getExtensionData, readTlsClientHello } from "read-tls-client-hello";
import { LEAST_TLS, type TlsPair, type TlsServing } from "./tls-serving.js";

/** RFC 8737 section 6.2. */
const PROTOCOL = "acme-tls/1";

/**
 * Node chooses a certificate before it tells of the protocols that are offered. So what a client says first is looked at, and an
 * authority that asks whether a name is ours gets its answer beside the server; everybody else goes to the server as ever.
 *
 * @param server - its listeners of connections are Node's own
 * @param challenge - what is shown for a name
 * @param late - how long a client may take to begin, and who is told of one that took longer
 */
export function answerChallenges(
  server: Server,
  challenge: NonNullable<TlsServing["challenge"]>,
  late: { readonly milliseconds: number; readonly count: () => void },
): void {
  const [accept] = server.listeners("connection") as ((this: Server, socket: Socket) => void)[];
  if (accept === undefined) throw new TypeError("the server takes no connections");
  server.removeListener("connection", accept);
  const look = async (socket: Socket): Promise<void> => {
    const name = await challengedName(socket);
    const shown = name === null ? null : await challenge(name).catch(() => null);
    if (socket.destroyed) return;
    if (shown === null) accept.call(server, socket);
    else show(socket, shown);
  };
  server.on("connection", (socket) => {
    const cut = () => {
      socket.destroy();
    };
    const deadline = setTimeout(() => {
      late.count();
      cut();
    }, late.milliseconds);
    socket.on("error", cut);
    void look(socket).finally(() => {
      clearTimeout(deadline);
    });
  });
}

/** What is no TLS is the server's to answer. */
async function challengedName(socket: Socket): Promise<string | null> {
  try {
    const hello = await readTlsClientHello(socket);
    const { protocols = [] } = getExtensionData(hello, "alpn") ?? {};
    const { serverName } = getExtensionData(hello, "sni") ?? {};
    return protocols.includes(PROTOCOL) ? (serverName?.toLowerCase() ?? null) : null;
  } catch {
    return null;
  }
}

/** RFC 8737 section 3: the handshake is all there is. */
function show(socket: Socket, { certificatePem, keyPem }: TlsPair): void {
  const secureContext = createSecureContext({
    cert: certificatePem,
    key: keyPem,
    minVersion: LEAST_TLS,
  });
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    ALPNProtocols: [PROTOCOL],
  });
  secure.on("error", () => {
    socket.destroy();
  });
  secure.once("secure", () => {
    secure.end();
  });
  secure.resume();
}
