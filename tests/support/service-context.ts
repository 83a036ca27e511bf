import type { ServiceContext } from "#local/processes/service.js";

/** @returns for a program of which nobody wants to be told, and which is stopped by whoever started it */
export function quietly(): ServiceContext {
  return {
    say: () => undefined,
    started: () => Promise.resolve(),
    stopping: new AbortController().signal,
  };
}
