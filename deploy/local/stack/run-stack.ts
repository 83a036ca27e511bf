import { ConfigError } from "#service-kit/config.js";
import { EX_CONFIG, exitCodeOf } from "#service-kit/exit-code.js";
import { LocalStackError, StoppedError } from "../errors.js";
import type { Stack } from "./stack.js";

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/**
 * Runs a stack until a signal comes, and ends the process.
 *
 * @param make - makes the stack, which tells a line each
 */
export async function runStack(make: (say: (line: string) => void) => Stack): Promise<void> {
  // Whoever reads the output may leave before the stack does.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  try {
    await run(make(say));
  } catch (error) {
    complain(explain(error));
    process.exit(codeOf(error));
  }
}

async function run(stack: Stack): Promise<void> {
  const stop = async (exitCode: number) => {
    await stack.stop();
    process.exit(exitCode);
  };
  let isStopping = false;
  const stopOnSignal = (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    say(`${signal}: stopping`);
    void stop(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      stopOnSignal(signal);
    });
  try {
    say(`ready ${await stack.start()}`);
  } catch (error) {
    if (error instanceof StoppedError) return;
    complain(explain(error));
    isStopping = true;
    await stop(codeOf(error));
  }
}

function codeOf(error: unknown): number {
  const isOfPart = error instanceof LocalStackError && error.isConfiguration;
  return isOfPart ? EX_CONFIG : exitCodeOf(error);
}

function explain(error: unknown): string {
  const isForTheUser = error instanceof LocalStackError || error instanceof ConfigError;
  if (isForTheUser) return `wharfinger: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
