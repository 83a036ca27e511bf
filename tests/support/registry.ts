import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { portPicker } from "#local/processes/ports.js";
import { createService } from "#local/processes/service.js";
import { manifestRegistry } from "./manifest-registry.js";
import { temporaryFolder } from "./temporary-folder.js";
import { testTools } from "./tools.js";
import { startUpstream } from "./upstream-double.js";
import { quietly } from "./service-context.js";

/** A registry of its own that lets anybody do anything. */
export interface TestRegistry {
  readonly url: string;
  /** Whether it is the stock registry; where there is no binary of it, something like it stands in. */
  readonly isStock: boolean;
  /** Folder of its storage; `null` for what stands in. */
  readonly storage: string | null;
  stop(): Promise<void>;
}

const ports = portPicker();

/** @returns a registry, listening */
export async function startTestRegistry(): Promise<TestRegistry> {
  const { registry } = testTools();
  return registry.kind === "binary" ? startStock(registry.file) : startStandIn();
}

/**
 * @param file - program of a stock registry
 * @param sections - sections of its configuration that differ from the usual ones, or have more in them
 * @param at - where it listens and stores; absent: at a free port, in a folder that goes with it
 * @returns it, listening, with files as storage
 */
export async function startStock(
  file: string,
  sections: {
    readonly storage?: object;
    readonly http?: object;
    readonly notifications?: object;
    readonly validation?: object;
  } = {},
  at: { readonly port?: number; readonly storage?: string } = {},
): Promise<TestRegistry> {
  const folder = await temporaryFolder();
  const port = at.port ?? (await ports.next());
  const storage = at.storage ?? join(folder.path, "data");
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(folder.path, "config.yml");
  const config = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, ...sections.storage },
    http: { addr: `127.0.0.1:${port}`, secret: "secret", ...sections.http },
    ...(sections.validation === undefined ? {} : { validation: sections.validation }),
    ...(sections.notifications === undefined ? {} : { notifications: sections.notifications }),
  };
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(config));
  const service = createService(
    {
      name: "registry",
      command: { file, args: ["serve", configFile], env: { OTEL_TRACES_EXPORTER: "none" } },
      logFile: join(folder.path, "registry.log"),
      ipc: false,
      deathSignal: "SIGKILL",
      stopSignals: [["SIGTERM", 2_000]],
      readyWithinMs: 20_000,
      isReady: async () => (await fetch(`${url}/v2/`)).status === 200,
    },
    quietly(),
  );
  await service.start();
  return {
    url,
    isStock: true,
    storage,
    stop: async () => {
      await service.stop();
      await folder.remove();
    },
  };
}

async function startStandIn(): Promise<TestRegistry> {
  const upstream = await startUpstream(manifestRegistry().handler);
  return { url: upstream.url, isStock: false, storage: null, stop: () => upstream.stop() };
}
