import { ConfigError } from "./config.js";
import { exitCodeOf, isConfiguration } from "./exit-code.js";
import { PortInUse, refuseUnlistenable, type ListeningPlace } from "./listening-places.js";
import type { LogLevel } from "./log.js";
import { runUntilSignal, type Running } from "./run-until-signal.js";

/** What a process was started with. */
export interface Invocation {
  readonly env: NodeJS.ProcessEnv;
  /** Without Node and the program. */
  readonly argv: readonly string[];
}

/** How a service comes to run. */
export interface Service<Config> {
  /** @throws ConfigError with all that is wrong */
  readonly read: (env: NodeJS.ProcessEnv) => Config;
  /** Where it is to listen. */
  readonly places: (config: Config) => readonly ListeningPlace[];
  /** Puts it together; nothing runs yet. */
  readonly open: (config: Config) => Promise<Running>;
  /** Has other processes do the work; absent, or `null`: this one does. */
  readonly delegate?: (config: Config) => Running | null;
}

/**
 * Runs a service until the process is told to end. With `--check` it only looks whether it would start, and asks nobody.
 * What is wrong with its settings is told in the operator's words, anything else as it is.
 *
 * @param invocation - what the process was started with
 * @param service - how it comes to run
 */
export async function startService<
  Config extends { readonly logLevel: LogLevel; readonly keys: object },
>({ env, argv }: Invocation, service: Service<Config>): Promise<void> {
  try {
    if (isOnlyCheck(argv)) await check(env, service);
    else {
      const config = service.read(env);
      await refuseUnlistenable(service.places(config));
      await runUntilSignal(service.delegate?.(config) ?? (await service.open(config)));
    }
  } catch (error) {
    const isSaid = isConfiguration(error) || error instanceof PortInUse;
    console.error(isSaid ? error.message : error);
    process.exit(exitCodeOf(error));
  }
}

function isOnlyCheck(argv: readonly string[]): boolean {
  const unknown = argv.find((argument) => argument !== "--check");
  if (unknown !== undefined)
    throw new ConfigError([`given ${JSON.stringify(unknown)}, wanted --check or no argument`]);
  return argv.length > 0;
}

async function check<Config extends { readonly logLevel: LogLevel; readonly keys: object }>(
  env: NodeJS.ProcessEnv,
  { read, places, open }: Service<Config>,
): Promise<void> {
  const config = read(env);
  await refuseUnlistenable(places(config)).catch((error: unknown) => {
    // It may be the service itself that listens there.
    if (!(error instanceof PortInUse)) throw error;
    console.error(error.message);
  });
  await open({ ...config, logLevel: "warn", keys: { ...config.keys, isOnlyLookedAt: true } });
  console.log("the configuration is in order");
  process.exit(0);
}
