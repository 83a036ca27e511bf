import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync } from "node:fs";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launchOf } from "#local/processes/launch.js";
import { waitUntil } from "#local/processes/wait.js";
import { must } from "./step.js";
import { pathOf, type Programs } from "./programs.js";

/** Of this machine alone, and unlike what engines take by themselves. */
const BRIDGE = "docker0";
export const HOST_ADDRESS = "10.213.77.1";
const NETWORKS = "base=10.213.128.0/17,size=24";
const UP_WITHIN_MS = 90_000;

/** An engine with a network and a file system of its own, as an operator has it. */
export interface Engine {
  /** Runs the client. */
  readonly docker: (
    args: readonly string[],
    minutes?: number,
    more?: NodeJS.ProcessEnv,
  ) => Promise<string>;
  /** Ends it, and all that it made. */
  readonly stop: () => Promise<void>;
}

/**
 * @param programs - engine and client
 * @param folder - for all that it writes
 * @returns an engine, answering
 * @throws Error when it does not come up, or another one has the machine's bridge
 */
export async function startEngine(programs: Programs, folder: string): Promise<Engine> {
  if (existsSync(`/sys/class/net/${BRIDGE}`))
    throw new Error(`another engine has ${BRIDGE}: end it, and \`ip link delete ${BRIDGE}\``);
  const at = (name: string) => join(folder, name);
  await mkdir(at("client/cli-plugins"), { recursive: true });
  for (const plugin of ["docker-compose", "docker-buildx"])
    await symlink(join(programs.plugins, plugin), at(`client/cli-plugins/${plugin}`));
  await writeFile(
    at("iptables"),
    await must({ file: "iptables-save", args: [], env: process.env }),
  );
  const { file, env } = programs.engine;
  const args = [
    ...["--storage-driver=overlay2", `--bip=${HOST_ADDRESS}/24`],
    ...["--default-address-pool", NETWORKS, "--host", `unix://${at("socket")}`],
    ...["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid")],
  ];
  const path = pathOf(programs.engine);
  const launch = launchOf({ file, args, env: { ...process.env, ...env, PATH: path } }, "SIGTERM");
  const log = openSync(at("log"), "a");
  const engine = spawn(launch.file, launch.args, {
    ...launch.options,
    stdio: ["ignore", log, log],
  });
  const docker: Engine["docker"] = (words, minutes, more = {}) =>
    must(
      {
        file: programs.client,
        args: words,
        env: {
          ...process.env,
          DOCKER_HOST: `unix://${at("socket")}`,
          DOCKER_CONFIG: at("client"),
          // Without statements about the build, which make an index of each image.
          BUILDX_NO_DEFAULT_ATTESTATIONS: "1",
          ...more,
        },
      },
      minutes,
    );
  const stop = async () => {
    if (engine.exitCode === null && engine.signalCode === null) {
      const ended = once(engine, "exit");
      engine.kill("SIGTERM");
      await ended;
    }
    await restoreNetwork(at("iptables"));
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  };
  const isUp = await waitUntil(
    async () => engine.exitCode !== null || (await docker(["version"])) !== "",
    { withinMs: UP_WITHIN_MS, everyMs: 500 },
  );
  if (!isUp || engine.exitCode !== null) {
    const said = await readFile(at("log"), "utf8");
    await stop();
    throw new Error(`the engine did not come up:\n${said.slice(-3_000)}`);
  }
  return { docker, stop };
}

/** An engine leaves its bridge and its rules behind. */
async function restoreNetwork(rules: string): Promise<void> {
  const run = (file: string, ...args: string[]) =>
    must({ file, args, env: process.env }).catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
    });
  await run("iptables-restore", rules);
  if (existsSync(`/sys/class/net/${BRIDGE}`)) await run("ip", "link", "delete", BRIDGE);
}
