import type { Child, ChildOptions } from "./child.js";
import { EX_CONFIG } from "#service-kit/exit-code.js";
import { endChild, startChild } from "./child.js";
import { LocalStackError, StoppedError } from "../errors.js";
import { rotate, tailOf } from "./log-file.js";
import { pause, waitUntil } from "./wait.js";

/** A program of the stack that has to be up all the time. */
export interface ServiceSpec extends ChildOptions {
  name: string;
  /** Signals that end it, most polite first; SIGKILL comes after the last one by itself. */
  stopSignals: readonly (readonly [signal: NodeJS.Signals, graceMs: number])[];
  readyWithinMs: number;
  /** Whether the program does its job by now. */
  isReady: () => Promise<boolean>;
  /** Clears away what an earlier run of the program may have left; called before and after it runs. */
  clearAway?: () => Promise<void>;
}

/** A program that is started again whenever it dies. */
export interface Service {
  readonly name: string;
  /** @throws LocalStackError with the end of the log when it does not become ready */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What a service has of the stack around it. */
export interface ServiceContext {
  readonly say: (line: string) => void;
  /** Called for every process that was started, before it is ready. */
  readonly started: (name: string, pid: number) => Promise<void>;
  /** Aborted when the stack is to stop; a service that is just starting then gives up. */
  stopping: AbortSignal;
}

const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
const STABLE_AFTER_MS = 10_000;

/**
 * @param spec - the program
 * @param context - told about starts and deaths
 * @returns the service, not started
 */
export function createService(spec: ServiceSpec, context: ServiceContext): Service {
  const ownStop = new AbortController();
  const stopping = AbortSignal.any([ownStop.signal, context.stopping]);
  let child: Child | null = null;
  let watching: Promise<void> = Promise.resolve();

  const start = async (): Promise<Child> => {
    await spec.clearAway?.();
    await rotate(spec.logFile);
    stopIfAsked(stopping);
    child = await startChild(spec);
    await context.started(spec.name, child.pid);
    await untilReady(spec, child, stopping);
    return child;
  };
  const end = async () => {
    if (child !== null) await endChild(child, spec.stopSignals);
  };

  return {
    name: spec.name,
    start: async () => {
      const first = await start();
      watching = keepRunning(first, { name: spec.name, start, say: context.say, stopping });
    },
    stop: async () => {
      ownStop.abort();
      await end();
      await watching;
      // A restart may have been under way.
      await end();
      await spec.clearAway?.();
    },
  };
}

interface Restarts {
  name: string;
  start: () => Promise<Child>;
  say: (line: string) => void;
  stopping: AbortSignal;
}

async function keepRunning(first: Child, restarts: Restarts): Promise<void> {
  const { name, say, stopping } = restarts;
  let child: Child | null = first;
  let backoffMs = MIN_BACKOFF_MS;
  while (child !== null) {
    const since = performance.now();
    const { reason } = await child.ended;
    if (stopping.aborted) return;
    if (performance.now() - since > STABLE_AFTER_MS) backoffMs = MIN_BACKOFF_MS;
    say(`${name} ended (${reason}), starting it again`);
    child = await restart(restarts, backoffMs);
    backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
  }
}

async function restart(
  { name, start, say, stopping }: Restarts,
  firstBackoffMs: number,
): Promise<Child | null> {
  let backoffMs = firstBackoffMs;
  for (;;) {
    await pause(backoffMs, stopping);
    if (stopping.aborted) return null;
    try {
      const child = await start();
      say(`${name} is back`);
      return child;
    } catch (error) {
      if (error instanceof StoppedError) return null;
      say((error as Error).message);
    }
    backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
  }
}

async function untilReady(spec: ServiceSpec, child: Child, stopping: AbortSignal): Promise<void> {
  const isOver = async () => child.hasEnded() || (await spec.isReady());
  await waitUntil(isOver, { withinMs: spec.readyWithinMs, signal: stopping });
  stopIfAsked(stopping);
  if (!child.hasEnded() && (await spec.isReady().catch(() => false))) return;
  const end = child.hasEnded() ? await child.ended : null;
  const reason =
    end === null
      ? `is not ready after ${spec.readyWithinMs / 1000} s`
      : `ended at once (${end.reason})`;
  await endChild(child, spec.stopSignals);
  throw new LocalStackError(
    `${spec.name} ${reason}; the end of ${spec.logFile}:\n${await tailOf(spec.logFile)}`,
    end?.code === EX_CONFIG,
  );
}

function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new StoppedError();
}
