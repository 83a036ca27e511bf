import type { Server } from "node:http";
import { Server as NetServer } from "node:net";
import type { OpenConnections } from "./open-connections.js";

/**
 * How long a connection without a request is kept once its listener has ended: its client may have asked just before
 * it could hear of that, and would not ask elsewhere for what may have been done already.
 */
export const LAST_REQUEST_MILLISECONDS = 1_000;

const LOOK_MILLISECONDS = 50;
/** Turns of the event loop: under any load there is one in which nobody connects. */
const MOST_TURNS = 1_000;
/** A turn that took no longer says of this very moment that nobody waits to be taken. */
const SHORT_TURN_MILLISECONDS = 0.1;

/** How long what a listener has still to do may take. */
export interface DrainBounds {
  /** By the process' steady clock; what is still open then is cut. */
  readonly untilMilliseconds: number;
  /** See {@link LAST_REQUEST_MILLISECONDS}. */
  readonly graceMilliseconds: number;
}

/**
 * Ends a listener: nobody connects any more, what has been asked for is answered, and each connection ends with that.
 *
 * @param server - which listens
 * @param connections - those that it has
 * @param bounds - how long it may take
 * @returns how many requests were cut
 */
export async function drain(
  server: Server,
  connections: OpenConnections,
  { untilMilliseconds, graceMilliseconds }: DrainBounds,
): Promise<number> {
  connections.end();
  await untilNobodyConnects(server);
  return new Promise((resolve) => {
    let cut = 0;
    const look = () => {
      if (performance.now() >= untilMilliseconds) cut += connections.cut();
      else connections.closeIdle(graceMilliseconds);
    };
    // What has come meanwhile is read before: after a turn that took long, who seems to have asked nothing may have.
    const looking = setInterval(() => setImmediate(look), LOOK_MILLISECONDS);
    // Node's own for HTTP would close connections without a request at once.
    NetServer.prototype.close.call(server, () => {
      clearInterval(looking);
      server.close();
      resolve(cut);
    });
    look();
  });
}

/**
 * The system resets those that have connected and were not taken yet when their listener goes away. On a busy machine a turn
 * takes its time, and whoever has connected since it looked is not known of: so a short one is waited for.
 */
async function untilNobodyConnects(server: Server): Promise<void> {
  let quietTurns = 0;
  const count = () => (quietTurns = 0);
  server.on("connection", count);
  // The turn that is under way may be past the moment at which connections are taken.
  for (let turn = 0; quietTurns < 2 && turn < MOST_TURNS; turn += 1) {
    const began = performance.now();
    quietTurns += 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (performance.now() - began > SHORT_TURN_MILLISECONDS) quietTurns = 0;
  }
  server.off("connection", count);
}
