import { join } from "node:path";
import { DIST } from "../repository-root.js";
import type { ServiceSpec } from "../processes/service.js";
import { answersOk } from "../processes/wait.js";

/** A Node service of this clone. */
export interface NodeService {
  name: string;
  /** Path of the compiled program below `dist`. */
  program: string;
  port: number;
  /** Path that answers 200 when the service does its job. */
  readyPath: string;
  logs: string;
  env: Readonly<Record<string, string>>;
  stopWithinMs: number;
}

/**
 * @param service - a Node service of this clone
 * @returns the service as a part of the stack
 */
export function nodeServiceSpec(service: NodeService): ServiceSpec {
  const { name, program, port, readyPath, logs, env, stopWithinMs } = service;
  return {
    name,
    command: {
      file: process.execPath,
      args: [join(DIST, program)],
      env: {
        ...inherited(),
        HOST: "127.0.0.1",
        METRICS_HOST: "127.0.0.1",
        PORT: String(port),
        ...env,
      },
    },
    logFile: join(logs, `${name}.log`),
    // Both tell a service that its supervisor is gone; the channel also where there is no setpriv.
    ipc: true,
    deathSignal: "SIGTERM",
    stopSignals: [["SIGTERM", stopWithinMs]],
    readyWithinMs: 60_000,
    isReady: () => answersOk(`http://127.0.0.1:${port}${readyPath}`),
  };
}

/** Whatever else a service can be told may be set where the stack is started. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}
