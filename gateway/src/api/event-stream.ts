import type { ServerResponse } from "node:http";
import { written } from "./written.js";

/** How long the client waits before it asks again, in milliseconds. */
const RETRY_MILLISECONDS = 2_000;
/** Whoever takes nothing for that long is not waited for. */
const MOST_IDLE_MILLISECONDS = 30_000;

/** An answer that goes on: server-sent events (HTML standard, section 9.2). */
export interface EventStream {
  /** Says where the client is before anything happens, so that nothing is lost if it is cut off then. */
  begin(id: string): Promise<void>;
  /** Says where the client is, without an event. */
  place(id: string, comment: string): Promise<void>;
  event(id: string, name: string, data: object): Promise<void>;
  /** Says that something may be missing, and why. */
  missed(reason: "forgotten" | "restored"): Promise<void>;
  /** @returns for how many milliseconds it may still say nothing */
  readonly patience: () => number;
  readonly isOpen: () => boolean;
  /** Whether the client did not take what it was sent. */
  readonly wasSlow: () => boolean;
}

/**
 * @param res - the answer, its head set
 * @param options - how long nothing is said and nothing need be taken, in milliseconds, and what ends it
 * @returns the stream; each part waits until the client has taken what was before it
 */
export function eventStream(
  res: ServerResponse,
  {
    heartbeatMilliseconds,
    signal,
    mostIdle = MOST_IDLE_MILLISECONDS,
  }: {
    readonly heartbeatMilliseconds: number;
    readonly signal: AbortSignal;
    readonly mostIdle?: number;
  },
): EventStream {
  let saidAt = performance.now();
  let isSlow = false;
  const isOpen = () => !signal.aborted && !res.destroyed;
  // Who has not taken what was sent would keep the connection open for it.
  const cut = () => {
    if (res.writableNeedDrain) res.destroy();
  };
  signal.addEventListener("abort", cut, { once: true });
  const write = async (lines: readonly string[]) => {
    if (!isOpen()) return;
    saidAt = performance.now();
    const isThere = await written(res, `${lines.join("\n")}\n\n`, mostIdle);
    isSlow = !isThere && performance.now() - saidAt >= mostIdle;
  };
  return {
    begin: (id) => write([`retry: ${RETRY_MILLISECONDS}`, `id: ${id}`]),
    place: (id, comment) => write([`: ${comment}`, `id: ${id}`]),
    event: (id, name, data) =>
      write([`id: ${id}`, `event: ${name}`, `data: ${JSON.stringify(data)}`]),
    missed: (reason) => write(["event: missed", `data: ${JSON.stringify({ reason })}`]),
    patience: () => Math.max(0, heartbeatMilliseconds - (performance.now() - saidAt)),
    isOpen,
    wasSlow: () => isSlow,
  };
}
