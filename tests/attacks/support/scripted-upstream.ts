import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

/** What came in on one connection, and when it ended. */
export interface SeenConnection {
  text: string;
  isClosed: boolean;
}

/** A server that answers with bytes of the test's choice, HTTP or not. */
export interface ScriptedUpstream {
  readonly url: string;
  readonly connections: SeenConnection[];
  /** Replaces what is done with the bytes that come in, and forgets all but the open connections. */
  answerWith(script: Script): void;
  stop(): Promise<void>;
}

/** Told of each piece of bytes, with all that came on the connection so far. */
export type Script = (socket: Socket, text: string) => void;

/** @returns the server, listening */
export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const connections: SeenConnection[] = [];
  const sockets = new Set<Socket>();
  let current: Script = () => undefined;
  const server = createServer((socket) => {
    const seen: SeenConnection = { text: "", isClosed: false };
    connections.push(seen);
    sockets.add(socket);
    socket.setEncoding("latin1").on("data", (text: string) => {
      seen.text += text;
      current(socket, seen.text);
    });
    socket.on("error", () => undefined);
    socket.once("close", () => {
      seen.isClosed = true;
      sockets.delete(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    connections,
    answerWith: (script) => {
      current = script;
      connections.splice(0, Infinity, ...connections.filter(({ isClosed }) => !isClosed));
      for (const seen of connections) seen.text = "";
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/**
 * @param body - of the answer
 * @param head - lines of its head before the length
 * @returns an answer as it should be
 */
export function plainAnswer(body: string, head = "HTTP/1.1 200 OK"): string {
  return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
