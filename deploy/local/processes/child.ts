import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { launchOf, type Command } from "./launch.js";

/** A started program. */
export interface Child {
  readonly pid: number;
  /** Settles when the program has ended. */
  readonly ended: Promise<ChildEnd>;
  readonly hasEnded: () => boolean;
  /** Sends a signal; nothing happens when the program has ended. */
  send(signal: NodeJS.Signals): void;
}

/** How a program has ended. */
export interface ChildEnd {
  /** `null`: by a signal. */
  readonly code: number | null;
  /** In words. */
  readonly reason: string;
}

/** How a program is started. */
export interface ChildOptions {
  command: Command;
  /** File that the program's output is added to. */
  logFile: string;
  deathSignal: NodeJS.Signals;
  /** Whether a channel is opened by which a Node program notices that its parent is gone. */
  ipc: boolean;
}

/**
 * @param options - what to run and how
 * @returns the program, running
 * @throws Error when the operating system cannot start it
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { file, args, options: spawnOptions } = launchOf(options.command, options.deathSignal);
  const log = openSync(options.logFile, "a", 0o600);
  try {
    const child = spawn(file, args, {
      ...spawnOptions,
      // A group of its own: Ctrl-C reaches the supervisor alone, which then stops things in order.
      detached: true,
      stdio: options.ipc ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
    });
    await once(child, "spawn");
    return asChild(child);
  } finally {
    closeSync(log);
  }
}

/**
 * @param child - a running program
 * @param signals - what to send, most polite first, and how long each may take
 */
export async function endChild(
  child: Child,
  signals: readonly (readonly [signal: NodeJS.Signals, graceMs: number])[],
): Promise<void> {
  for (const [signal, graceMs] of signals) {
    child.send(signal);
    if (await endedWithin(child, graceMs)) return;
  }
  child.send("SIGKILL");
  await child.ended;
}

function asChild(child: ChildProcess): Child {
  let hasEnded = false;
  const ended = once(child, "exit").then((end) => {
    const [code, signal] = end as [number | null, NodeJS.Signals | null];
    hasEnded = true;
    return { code, reason: signal === null ? `exit code ${code ?? ""}` : `signal ${signal}` };
  });
  // A channel that breaks is the death of the other side, which `exit` already tells.
  child.on("error", () => undefined);
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => hasEnded,
    send: (signal) => {
      if (!hasEnded) child.kill(signal);
    },
  };
}

async function endedWithin(child: Child, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, ms);
  });
  const ended = await Promise.race([child.ended.then(() => true), timeout]);
  clearTimeout(timer);
  return ended;
}
