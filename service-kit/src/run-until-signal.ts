import type { Logger } from "./log.js";

/** Something that runs as long as the process does. */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

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
 * Starts components in order and stops them in reverse on SIGINT, SIGTERM or when the parent process
 * that started this one over an IPC channel is gone. Ends the process.
 *
 * @param components - what the process consists of
 * @param log - where starting and stopping is told
 */
export async function runUntilSignal(components: readonly Component[], log: Logger): Promise<void> {
  const started: Component[] = [];
  const stop = once(async (reason: string) => {
    log.info({ event: "process.stopping", reason });
    for (const component of [...started].reverse()) {
      try {
        await component.stop();
      } catch (error) {
        log.error({ event: "component.stop-failed", component: component.name, err: error });
      }
    }
    log.info({ event: "process.stopped" });
    process.exit(process.exitCode ?? 0);
  });
  process.on("SIGINT", () => void stop("SIGINT"));
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("disconnect", () => void stop("parent process gone"));
  try {
    for (const component of components) {
      await component.start();
      started.push(component);
    }
  } catch (error) {
    log.fatal({ event: "process.start-failed", err: error });
    process.exitCode = 1;
    await stop("start failed");
  }
}

function once(action: (reason: string) => Promise<void>): (reason: string) => Promise<void> {
  let running: Promise<void> | null = null;
  return (reason) => (running ??= action(reason));
}
