import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What comes late: requests, so that they are carried out late, or the answers to what was carried out at once. */
export interface Lateness {
  readonly what: "requests" | "answers";
  /** Requests that begin otherwise pass at once. */
  readonly of: RegExp;
  readonly milliseconds: number;
}

/** A way to a server on which some requests, or their answers, take long; whoever sent them may have gone by then. */
export interface LateRelay {
  readonly port: number;
  /** From now on; `null`: everything passes at once. What is late already stays so. */
  late(lateness: Lateness | null): void;
  /** @returns how much is still to come */
  pending(): number;
  stop(): Promise<void>;
}

/** For so long the server hears nothing of it that whoever sent a late request has gone. */
const UNHEARD_MILLISECONDS = 2_000;

/**
 * @param target - port on this machine where the server listens, asked for at each connection
 * @returns a relay to it, on which nothing is late
 */
export async function startLateRelay(target: () => Promise<number>): Promise<LateRelay> {
  const sockets = new Set<Socket>();
  let lateness: Lateness | null = null;
  let waiting = 0;
  const after = (milliseconds: number, work: () => void) => {
    waiting += 1;
    setTimeout(() => {
      waiting -= 1;
      work();
    }, milliseconds);
  };
  const relay = (incoming: Socket, outgoing: Socket) => {
    const [requests, answers] = [delayLine(after), delayLine(after)];
    incoming.on("data", (chunk: Buffer) => {
      const isMeant = lateness?.of.test(chunk.toString("latin1", 0, 300)) ?? false;
      const milliseconds = isMeant ? (lateness?.milliseconds ?? 0) : 0;
      requests.pass(lateness?.what === "requests" ? milliseconds : 0, () => outgoing.write(chunk));
      if (isMeant && lateness?.what === "answers") answers.holdFor(milliseconds);
    });
    outgoing.on("data", (chunk: Buffer) => {
      answers.pass(0, () => incoming.write(chunk));
    });
    incoming.once("close", () => {
      const isLate = requests.isWaiting();
      requests.pass(isLate ? UNHEARD_MILLISECONDS : 0, () => outgoing.destroy());
    });
    outgoing.once("close", () => {
      answers.pass(0, () => incoming.destroy());
    });
  };
  const server = createServer((incoming) => {
    watch(sockets, incoming);
    incoming.pause();
    void target().then(
      (port) => {
        const outgoing = connect(port, "127.0.0.1");
        watch(sockets, outgoing);
        relay(incoming, outgoing);
        incoming.resume();
      },
      () => incoming.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    late: (next) => (lateness = next),
    pending: () => waiting,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Passes one thing after the other, each at its time at the earliest. */
function delayLine(after: (milliseconds: number, work: () => void) => void) {
  let freeAt = 0;
  const remaining = () => Math.max(0, freeAt - performance.now());
  return {
    isWaiting: () => remaining() > 0,
    holdFor: (milliseconds: number) => {
      freeAt = Math.max(freeAt, performance.now() + milliseconds);
    },
    pass: (milliseconds: number, work: () => void) => {
      const wait = Math.max(remaining(), milliseconds);
      if (wait === 0) {
        work();
        return;
      }
      freeAt = performance.now() + wait;
      after(wait, work);
    },
  };
}

function watch(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on("error", () => undefined);
  socket.once("close", () => sockets.delete(socket));
}
