import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Fault } from "#registry-protocol/faults.js";
import type { Standing } from "./connection-count.js";
import { closeWhenWritten } from "./lingering-close.js";

/** A request that is not answered yet. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly unwatch: () => void;
}

/** A client's connection to a listener. */
export interface Connection {
  /** Of the system; with TLS another one than requests come on. */
  readonly tcp: Socket;
  readonly standing: Standing;
  readonly unanswered: Set<Exchange>;
  /** Told when everything before it is answered. */
  last: Fault | null;
  /** Whether the client was told that nothing more is answered. */
  isClosing: boolean;
  /** Since when there has been no request on it, by the process' steady clock in milliseconds. */
  idleSince: number;
}

/** The connections of one listener, and how they come to an end when it does. */
export interface OpenConnections {
  /** Notes a new one. */
  add(socket: Socket, standing: Standing): Connection;
  /** Its handshake is done: from now on it is spoken to on this one. */
  secure(connection: Connection, socket: Socket): void;
  of(socket: Socket): Connection | undefined;
  /** From now on every answer says that its connection ends with it (RFC 9112 section 9.6). */
  end(): void;
  /** Whether {@link end} was called. */
  isEnding(): boolean;
  /**
   * @param milliseconds - closes those on which nobody has asked for anything for so long
   */
  closeIdle(milliseconds: number): void;
  /** @returns how many were cut although somebody waited for an answer */
  cut(): number;
}

/** @returns the connections of a listener that has none yet */
export function openConnections(): OpenConnections {
  const open = new Map<Socket, Connection>();
  let isEnding = false;
  const hold = (socket: Socket, connection: Connection) => {
    open.set(socket, connection);
    socket.once("close", () => open.delete(socket));
  };
  return {
    add: (tcp, standing) => {
      const connection: Connection = {
        ...{ tcp, standing, unanswered: new Set<Exchange>() },
        ...{ last: null, isClosing: false, idleSince: performance.now() },
      };
      hold(tcp, connection);
      return connection;
    },
    secure: (connection, socket) => {
      open.delete(connection.tcp);
      hold(socket, connection);
    },
    of: (socket) => open.get(socket),
    end: () => {
      isEnding = true;
      for (const { unanswered } of open.values())
        for (const { res } of unanswered) if (!res.headersSent) res.shouldKeepAlive = false;
    },
    isEnding: () => isEnding,
    closeIdle: (milliseconds) => {
      const since = performance.now() - milliseconds;
      for (const [socket, { unanswered, isClosing, idleSince }] of open)
        if (unanswered.size === 0 && !isClosing && idleSince <= since) closeWhenWritten(socket);
    },
    cut: () => {
      const waiting = [...open.values()].filter(({ unanswered }) => unanswered.size > 0).length;
      for (const socket of open.keys()) socket.destroy();
      return waiting;
    },
  };
}
