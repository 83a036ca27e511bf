import type { ToWorker } from "./messages.js";

/** A process that does the work, of `node:cluster` but in tests. */
export interface WorkerProcess {
  readonly id: number;
  readonly process: { readonly pid?: number | undefined; kill(signal: NodeJS.Signals): unknown };
  isConnected(): boolean;
  send(message: ToWorker): unknown;
  on(event: "message", hear: (message: unknown) => void): unknown;
  once(event: "exit", hear: (code: number | null, signal: string | null) => void): unknown;
}
