import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { HttpListener } from "#service-kit/http/server.js";

/**
 * Node's own server with none of the bounds of ours: what stands behind a listener has to hold without it.
 *
 * @param handler - answers requests
 * @returns a component that listens on a free port
 */
export function bareListener(handler: RequestListener): HttpListener {
  const server = createServer({ maxHeaderSize: 256 * 1024, requireHostHeader: false }, handler);
  server.on("checkContinue", handler);
  return {
    name: "bare",
    server,
    start: async () => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
