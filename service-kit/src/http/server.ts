import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { answerUnparsable } from "./unparsable.js";
import type { Logger } from "../log.js";
import type { Component } from "../run-until-signal.js";

/** How an HTTP listener behaves. */
export interface ListenerOptions {
  readonly name: string;
  readonly host: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Seconds that requests in flight get when the process stops. */
  readonly drainSeconds: number;
  /** Seconds without a byte on a connection after which it is closed. */
  readonly idleSeconds: number;
}

/** A running or stopped listener. */
export interface HttpListener extends Component {
  readonly server: Server;
}

/** Node answers 431 above this; a registry token with many scopes is a few KiB. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * @param options - where to listen and how to end
 * @param handler - answers requests; is also asked for requests with `Expect: 100-continue`, before
 *   the client was told to go on
 * @param log - where the port is told
 * @returns a component that listens while it is started and drains when it is stopped
 */
export function httpListener(
  options: ListenerOptions,
  handler: RequestListener,
  log: Logger,
): HttpListener {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 30_000,
      // Node's default of 300 s would cut off any layer that takes longer to upload.
      requestTimeout: 0,
      keepAliveTimeout: 75_000,
    },
    handler,
  );
  server.on("checkContinue", handler);
  server.on("clientError", answerUnparsable);
  server.setTimeout(options.idleSeconds * 1000);
  return {
    name: options.name,
    server,
    start: () => listen(server, options, log),
    stop: () => drain(server, options.drainSeconds),
  };
}

function listen(server: Server, options: ListenerOptions, log: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      const { port } = server.address() as AddressInfo;
      log.info({ event: "listening", listener: options.name, host: options.host, port });
      resolve();
    });
  });
}

function drain(server: Server, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      server.closeAllConnections();
    }, seconds * 1000);
    server.close(() => {
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}
