import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataFolder } from "../data-folder.js";
import { lockDataFolder } from "./data-lock.js";
import { LocalStackError } from "../errors.js";
import { TOKEN_SERVERS } from "./our-services.js";
import { startParts, type Addresses, type Parts } from "./parts.js";
import { endLeftovers, noteProcess } from "../processes/pid-files.js";
import { bindFailure, portPicker } from "../processes/ports.js";
import type { Service } from "../processes/service.js";
import type { LocalSettings } from "../settings.js";
import { untilStorageIsRight } from "./storage-doubt.js";
import { openStackTls } from "./tls.js";

/** All parts of the product on this machine. */
export interface Stack {
  /**
   * @returns URL of the gateway, once `docker push` would work
   * @throws LocalStackError when a part does not come up, StoppedError when `stop` was called meanwhile
   */
  start(): Promise<string>;
  /** Ends every part; the data stay. */
  stop(): Promise<void>;
}

/** What a stack consists of. */
export interface StackKind {
  /** Starts every part in the order in which they need each other. */
  readonly start: (parts: Parts) => Promise<Addresses>;
  /** Names of parts that are stopped together, those that lean on others first. */
  readonly stopOrder: readonly (readonly string[])[];
}

/** Nobody loses what it leans on, and all graces together stay below ten seconds. */
const ONE_REGISTRY: StackKind = {
  start: startParts,
  stopOrder: [
    ["gateway"],
    [...TOKEN_SERVERS, "registry"],
    ["postgres", "identity-provider", "sns"],
  ],
};

/**
 * @param settings - what the person who starts the stack chose
 * @param say - told about progress, a line each
 * @param kind - its parts; absent: those of an installation with one registry
 * @returns the stack, not started
 */
export function createStack(
  settings: LocalSettings,
  say: (line: string) => void,
  kind: StackKind = ONE_REGISTRY,
): Stack {
  const stopping = new AbortController();
  const services: Service[] = [];
  let starting: Promise<string> | null = null;
  let unlock = (): void => undefined;

  const run = async (service: Service) => {
    services.push(service);
    await service.start();
    say(`${service.name} is up`);
  };
  const begin = async (): Promise<string> => {
    const folder = await openDataFolder(settings.dataDir);
    unlock = await lockDataFolder(folder.root);
    for (const name of await endLeftovers(folder.run))
      say(`ended ${name}, left by an earlier start`);
    const ports = portPicker();
    const port = settings.port === 0 ? await ports.next() : await claim(settings.port);
    const context = {
      say,
      started: (name: string, pid: number) => noteProcess(folder.run, name, pid),
      stopping: stopping.signal,
    };
    const giveUp = () => {
      stopping.abort();
    };
    const tls = await openStackTls(settings.tls, folder.root, say);
    const made = { settings, folder, port, ports, tls, context, run, giveUp };
    const addresses = await kind.start(made);
    await writeFile(join(folder.run, "stack.json"), `${JSON.stringify(addresses, null, 2)}\n`);
    const url = `${tls.scheme}://127.0.0.1:${port}`;
    await untilStorageIsRight(url, say, stopping.signal);
    return url;
  };

  return {
    start: () => (starting ??= begin()),
    stop: async () => {
      stopping.abort();
      await starting?.catch(() => undefined);
      for (const names of kind.stopOrder)
        await Promise.all(
          services.filter(({ name }) => names.includes(name)).map((service) => service.stop()),
        );
      unlock();
    },
  };
}

async function claim(port: number): Promise<number> {
  const failure = await bindFailure(port);
  if (failure === null) return port;
  throw new LocalStackError(
    failure === "EADDRINUSE"
      ? `PORT: 127.0.0.1:${port} is in use by another program: stop it, or set PORT to a free port`
      : `PORT: 127.0.0.1:${port} cannot be listened on (${failure}): set PORT to another port`,
  );
}
