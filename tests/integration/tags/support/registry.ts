import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { portPicker } from "#local/ports.js";
import { createService } from "#local/service.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

/** A stock registry that lets anybody do anything, deletion included. */
export interface DeletingRegistry {
  readonly url: string;
  stop(): Promise<void>;
}

const ports = portPicker();

/** @returns the stock registries to test with: the one that was found, and the one that `REGISTRY_BIN` names */
export function registryPrograms(): { version: string; file: string; deletesTags: boolean }[] {
  const { registry } = testTools();
  const files = [
    ...(registry.kind === "binary" ? [registry.file] : []),
    ...(process.env["REGISTRY_BIN"] === undefined ? [] : [process.env["REGISTRY_BIN"]]),
  ];
  return [...new Set(files)].map((file) => {
    const text = execFileSync(file, ["--version"], { encoding: "utf8" });
    const version = /v?(\d+\.\d+\.\d+)\S*\s*$/.exec(text)?.[1] ?? text.trim();
    return { version, file, deletesTags: !version.startsWith("2.") };
  });
}

/**
 * @param file - its program
 * @param notify - where it reports what happens, if anywhere
 * @returns a registry of its own, listening
 */
export async function startDeletingRegistry(
  file: string,
  notify?: { readonly url: string; readonly secret: string },
): Promise<DeletingRegistry> {
  const folder = await temporaryFolder();
  const port = await ports.next();
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(folder.path, "config.yml");
  const config = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder.path, "data") },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: `127.0.0.1:${port}`, secret: "secret", relativeurls: true },
    ...(notify === undefined ? {} : { notifications: { endpoints: [endpointOf(notify)] } }),
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
    {
      say: () => undefined,
      started: () => Promise.resolve(),
      stopping: new AbortController().signal,
    },
  );
  await service.start();
  return {
    url,
    stop: async () => {
      await service.stop();
      await folder.remove();
    },
  };
}

/** As the rendered configuration has it, with less patience. */
function endpointOf({ url, secret }: { readonly url: string; readonly secret: string }) {
  return {
    name: "gateway",
    url,
    headers: { Authorization: [`Bearer ${secret}`] },
    timeout: "2s",
    threshold: 3,
    backoff: "100ms",
    ignore: { mediatypes: ["application/octet-stream"] },
  };
}
