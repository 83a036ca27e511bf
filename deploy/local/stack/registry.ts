import { rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readStorage, type Options } from "#registry-config/options.js";
import { renderRegistryConfig } from "#registry-config/render.js";
import {
  UPSTREAM_ISSUER,
  UPSTREAM_REALM,
  UPSTREAM_SERVICE,
  type RegistrySettings,
} from "#registry-config/settings.js";
import { inVariables } from "#registry-config/storage-variables.js";
import type { LogLevel } from "#service-kit/log.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { keptSecret, type DataFolder } from "../data-folder.js";
import type { LocalKeys } from "./keys.js";
import type { Command } from "../processes/launch.js";
import type { RegistryProgram } from "../programs/registry-binary.js";
import { runProgram } from "../processes/run-program.js";
import type { ServiceSpec } from "../processes/service.js";

/** What the registry of the local stack is told. */
export interface RegistryOptions {
  program: RegistryProgram;
  folder: DataFolder;
  /** Where blobs are, when not in the folder. */
  storage: Options;
  keys: LocalKeys;
  port: number;
  /** Where the gateway takes notifications. */
  notificationPort: number;
  notificationSecret: string;
  logLevel: LogLevel;
}

const DRAIN_SECONDS = 1;

/**
 * Writes the registry's configuration.
 *
 * @param options - what it is told
 * @returns the registry as a service of the stack
 */
export async function registrySpec(options: RegistryOptions): Promise<ServiceSpec> {
  const { program, folder, port } = options;
  const configFile = join(folder.registry, "config.yml");
  const text = renderRegistryConfig(await settingsOf(options));
  // A file that exists would keep its mode.
  await rm(configFile, { force: true });
  await writeFile(configFile, text, { mode: 0o600 });
  const launch =
    program.kind === "binary" ? ofBinary(program, configFile) : ofImage(program, options);
  return {
    name: "registry",
    ...launch,
    logFile: join(folder.logs, "registry.log"),
    ipc: false,
    deathSignal: "SIGTERM",
    readyWithinMs: 60_000,
    // 401 is the healthy answer: the registry is up and asks for a token.
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/v2/`)).status === 401,
  };
}

type Launch = Pick<ServiceSpec, "command" | "stopSignals" | "clearAway">;

/**
 * @param program - the registry
 * @param folder - its data
 * @param args - what it is to do, for example `garbage-collect`
 * @returns how to run it on the same data, beside the one that serves them
 */
export function registryCommand(
  program: RegistryProgram,
  folder: DataFolder,
  args: readonly string[],
): Command {
  if (program.kind === "binary") return { file: program.file, args, env: registryEnvironment() };
  return inContainer(program, folder, { name: containerName("garbage", folder), args });
}

/**
 * Ends what a {@link registryCommand} left in the engine: a container outlives the client that started it.
 *
 * @param program - the registry
 * @param folder - its data
 */
export async function endContainer(program: RegistryProgram, folder: DataFolder): Promise<void> {
  if (program.kind === "image") await removeContainer(program, containerName("garbage", folder));
}

function ofBinary({ file }: { file: string }, configFile: string): Launch {
  return {
    command: { file, args: ["serve", configFile], env: registryEnvironment() },
    stopSignals: [["SIGTERM", DRAIN_SECONDS * 1_000 + 500]],
  };
}

interface Image {
  docker: string;
  image: string;
}

function ofImage(program: Image, { folder }: RegistryOptions): Launch {
  const name = containerName("registry", folder);
  const args = ["serve", join(folder.registry, "config.yml")];
  return {
    command: inContainer(program, folder, { name, args }),
    // The client passes SIGTERM on to the container and ends with it.
    stopSignals: [["SIGTERM", DRAIN_SECONDS * 1_000 + 500]],
    clearAway: () => removeContainer(program, name),
  };
}

/** Named after the data folder, so that the next start finds what a killed one left in the engine. */
function containerName(job: string, { root }: DataFolder): string {
  return `wharfinger-${job}-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`;
}

async function removeContainer({ docker }: Image, name: string): Promise<void> {
  await runProgram({ file: docker, args: ["rm", "--force", name], env: process.env });
}

function inContainer(
  { docker, image }: Image,
  folder: DataFolder,
  { name, args }: { name: string; args: readonly string[] },
): Command {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const trust = operatorFolders(folder.keys).trust;
  const mounts = [`${folder.registry}:${folder.registry}`, `${trust}:${trust}:ro`];
  const run = ["run", "--rm", "--name", name, "--network", "host", "--user", user];
  const volumes = mounts.flatMap((mount) => ["--volume", mount]);
  const given = { ...TELEMETRY_OFF, ...credentials() };
  // By their names alone where they are secret: the client takes the values from its own environment.
  const env = Object.entries(given).flatMap(([key, value]) => [
    "--env",
    key in TELEMETRY_OFF ? `${key}=${value}` : key,
  ]);
  return { file: docker, args: [...run, ...volumes, ...env, image, ...args], env: process.env };
}

// 3.x exports traces to a collector on localhost unless told not to.
const TELEMETRY_OFF = { OTEL_TRACES_EXPORTER: "none" };

/**
 * Short on purpose: the registry takes every REGISTRY_… variable for a setting, and AWS_CA_BUNDLE
 * makes 2.8 panic.
 */
function registryEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TZ } = process.env;
  return { PATH, HOME, TZ, ...TELEMETRY_OFF, ...credentials() };
}

/** Of a bucket; without them the registry asks for a role. */
const CREDENTIALS = [
  ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  ...["AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"],
];

function credentials(): Record<string, string> {
  const found = CREDENTIALS.map((name) => [name, process.env[name] ?? ""] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== ""));
}

async function settingsOf(options: RegistryOptions): Promise<RegistrySettings> {
  const { program, folder, keys, port, notificationPort, logLevel } = options;
  const httpSecret = await keptSecret(folder.secrets, "registry-http");
  return {
    registry: program.line,
    listen: `127.0.0.1:${port}`,
    metricsListen: null,
    logLevel: logLevel === "silent" || logLevel === "error" ? "error" : "warn",
    drainSeconds: DRAIN_SECONDS,
    httpSecret: httpSecret.value,
    token: {
      realm: UPSTREAM_REALM,
      service: UPSTREAM_SERVICE,
      issuer: UPSTREAM_ISSUER,
      rootCertBundle: keys.gatewayBundle,
    },
    notifications: {
      url: `http://127.0.0.1:${notificationPort}/hooks/registry`,
      secret: options.notificationSecret,
    },
    storage: storageOf(options),
  };
}

function storageOf({ storage, folder, program }: RegistryOptions): RegistrySettings["storage"] {
  if (storage.storage === "filesystem")
    return { kind: "filesystem", rootDirectory: join(folder.registry, "blobs") };
  try {
    return readStorage(storage, program.line);
  } catch (error) {
    throw inVariables(error);
  }
}
