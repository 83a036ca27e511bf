import type { Socket } from "node:net";
import { sourceOf } from "./source.js";

/** How many connections a listener has at most. */
export interface ConnectionLimits {
  readonly inAll: number;
  /** From one IPv4 address or one /64 of IPv6. */
  readonly perSource: number;
  /** Peers from which everybody comes: they count in all, and not as one source. */
  readonly isTrusted: (address: string | undefined) => boolean;
}

/** Whether there is room for a connection; the label in metrics when there is none. */
export type Standing = "welcome" | "connections" | "connections-of-source";

/** Connections of one listener. */
export interface ConnectionCount {
  /** Counts a new connection, for which one without a request gives way when all are taken. */
  open(socket: Socket): Standing;
  /** @returns what {@link open} said */
  standingOf(socket: Socket): Standing;
  /** A request has begun on it. */
  busy(socket: Socket): void;
  /** All requests on it are answered. */
  idle(socket: Socket): void;
  size(): number;
}

/** So many connections without room are kept, each for a moment, to tell them so; a newer one pushes out the oldest. */
const TURNED_AWAY = 64;

interface Source {
  open: number;
  readonly idle: Set<Socket>;
}

interface Held {
  readonly source: Source | null;
  readonly leave: () => void;
}

/**
 * @param limits - how many there may be
 * @returns a count of none
 */
export function connectionCount(limits: ConnectionLimits): ConnectionCount {
  const held = new Map<Socket, Held>();
  const sources = new Map<string, Source>();
  /** In the order in which they became idle. */
  const idle = new Set<Socket>();
  const turnedAway = {
    connections: new Map<Socket, Standing>(),
    "connections-of-source": new Map<Socket, Standing>(),
  };
  const setIdle = (socket: Socket, isIdle: boolean) => {
    for (const sockets of [idle, held.get(socket)?.source?.idle])
      if (isIdle) sockets?.add(socket);
      else sockets?.delete(socket);
  };
  const hold = (socket: Socket, key: string | null) => {
    const source = key === null ? null : (sources.get(key) ?? { open: 0, idle: new Set() });
    if (source !== null) source.open += 1;
    if (source !== null && key !== null) sources.set(key, source);
    const leave = () => {
      setIdle(socket, false);
      if (!held.delete(socket) || source === null || key === null) return;
      source.open -= 1;
      if (source.open === 0) sources.delete(key);
    };
    held.set(socket, { source, leave });
    setIdle(socket, true);
    socket.once("close", leave);
  };
  /** Whoever holds a connection without using it makes room. */
  const makeRoom = (sockets: Iterable<Socket>): boolean => {
    for (const socket of sockets) {
      held.get(socket)?.leave();
      socket.destroy();
      return true;
    }
    return false;
  };
  const turnAway = (socket: Socket, standing: Exclude<Standing, "welcome">) => {
    const queue = turnedAway[standing];
    queue.set(socket, standing);
    socket.once("close", () => queue.delete(socket));
    const [oldest] = queue.keys();
    if (queue.size > TURNED_AWAY) oldest?.destroy();
  };
  const standingFor = (key: string | null): Standing => {
    const source = key === null ? undefined : sources.get(key);
    if (source !== undefined && source.open >= limits.perSource && !makeRoom(source.idle))
      return "connections-of-source";
    return held.size >= limits.inAll && !makeRoom(idle) ? "connections" : "welcome";
  };
  return {
    open: (socket) => {
      const { remoteAddress } = socket;
      const key = limits.isTrusted(remoteAddress) ? null : sourceOf(remoteAddress);
      const standing = standingFor(key);
      if (standing === "welcome") hold(socket, key);
      else turnAway(socket, standing);
      return standing;
    },
    standingOf: (socket) => {
      const queues = Object.values(turnedAway);
      return queues.map((queue) => queue.get(socket)).find(Boolean) ?? "welcome";
    },
    busy: (socket) => {
      setIdle(socket, false);
    },
    idle: (socket) => {
      if (held.has(socket)) setIdle(socket, true);
    },
    size: () => held.size,
  };
}
