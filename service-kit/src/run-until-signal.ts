import { setTimeout } from "node:timers/promises";
import { exitCodeOf, isConfiguration } from "./exit-code.js";
import type { Logger } from "./log.js";

/** Something that runs as long as the process does. */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  /** The process will end: told some time before anything stops, so that whoever sends work can go elsewhere. */
  announceStop?(): void;
  /**
   * @param since - when the process began to stop its components, by its steady clock in milliseconds: what is bounded
   *   in time is bounded for all of them together
   */
  stop(since?: number): Promise<void>;
}

/** What a process consists of, and how it comes to its end. */
export interface Running {
  readonly components: readonly Component[];
  /** Where starting and stopping is told. */
  readonly log: Logger;
  /** Between the announcement and the end of the first component; a second signal ends it. */
  readonly noticeSeconds: number;
  /** Where it hears of its end besides; absent: by signals alone. */
  readonly hearStop?: HearStop;
}

/** Takes what is to be told that the process is to end, and how urgently: as on so many signals. */
export type HearStop = (hear: (signals: number) => void) => void;

/** What an opened part of a service brings: what runs as long as the process does, in the order of its start. */
export interface Opened {
  readonly parts: readonly Component[];
}

/**
 * @param opened - parts of a service
 * @returns all that runs in them, in that order
 */
export function partsOf(opened: readonly Opened[]): Component[] {
  return opened.flatMap(({ parts }) => parts);
}

/**
 * Starts components in order. On SIGINT or SIGTERM announces the end to all, and after a while stops them in reverse; at
 * once when the parent process that started this one over an IPC channel is gone. Ends the process.
 *
 * @param running - what the process consists of, and how it comes to its end
 */
export async function runUntilSignal(running: Running): Promise<void> {
  const { components, log, noticeSeconds } = running;
  const started: Component[] = [];
  let isUp = false;
  const hurry = new AbortController();
  const stop = once(async (reason: string) => {
    log.info({ event: "process.stopping", reason });
    for (const component of started) component.announceStop?.();
    if (isUp) await notice(noticeSeconds, hurry.signal);
    await stopInReverse(started, log);
    log.info({ event: "process.stopped" });
    process.exit(process.exitCode ?? 0);
  });
  const stopAtOnce = (reason: string) => {
    hurry.abort();
    return stop(reason);
  };
  let [signals, urgency] = [0, 0];
  const rise = (reason: string, to: number) => {
    // Who is told in two ways is told once.
    if (to <= urgency) return;
    urgency = to;
    void (to === 1 ? stop(reason) : stopAtOnce(reason));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      signals += 1;
      rise(signal, signals);
    });
  running.hearStop?.((told) => {
    rise("told to", told);
  });
  process.on("disconnect", () => void stopAtOnce("parent process gone"));
  try {
    for (const component of components) {
      await component.start();
      started.push(component);
    }
    isUp = true;
  } catch (error) {
    log.fatal({ event: "process.start-failed", err: error });
    if (isConfiguration(error)) console.error(error.message);
    process.exitCode = exitCodeOf(error);
    await stop("start failed");
  }
}

async function notice(seconds: number, hurry: AbortSignal): Promise<void> {
  if (seconds > 0) await setTimeout(seconds * 1_000, null, { signal: hurry }).catch(() => null);
}

async function stopInReverse(started: readonly Component[], log: Logger): Promise<void> {
  const since = performance.now();
  for (const component of [...started].reverse()) {
    try {
      await component.stop(since);
    } catch (error) {
      log.error({ event: "component.stop-failed", component: component.name, err: error });
    }
  }
}

function once(action: (reason: string) => Promise<void>): (reason: string) => Promise<void> {
  let running: Promise<void> | null = null;
  return (reason) => (running ??= action(reason));
}
