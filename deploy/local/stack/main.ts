import { ConfigError } from "#service-kit/config.js";
import { EX_CONFIG, exitCodeOf } from "#service-kit/exit-code.js";
import { LocalStackError, StoppedError } from "../errors.js";
import { readLocalSettings } from "../settings.js";
import { createStack } from "./stack.js";

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function main(): Promise<void> {
  const settings = readLocalSettings(process.env);
  const stack = createStack(settings, say);
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

// Whoever reads the output may leave before the stack does.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

try {
  await main();
} catch (error) {
  complain(explain(error));
  process.exit(codeOf(error));
}
