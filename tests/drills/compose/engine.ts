import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync } from "node:fs";
import { mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { launchOf } from "#local/processes/launch.js";
import { waitUntil } from "#local/processes/wait.js";
import { must } from "./step.js";
import { pathOf, type Programs } from "./programs.js";

/** Its own, since engines without a network, as tests start them, take docker0 away from whoever has it. */
const BRIDGE = "wharf-drill0";
/** Of this machine alone, and unlike what engines take by themselves. */
export const HOST_ADDRESS = "10.213.77.1";
const OWN_RULE = /wharf-drill0|10\.213\./;
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
 * @throws Error when it does not come up
 */
export async function startEngine(programs: Programs, folder: string): Promise<Engine> {
  const at = (name: string) => join(folder, name);
  await mkdir(at("client/cli-plugins"), { recursive: true });
  for (const plugin of ["docker-compose", "docker-buildx"])
    await symlink(join(programs.plugins, plugin), at(`client/cli-plugins/${plugin}`));
  await makeBridge();
  const { file, env } = programs.engine;
  const args = [
    ...["--storage-driver=overlay2", `--bridge=${BRIDGE}`],
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
    await clearNetwork();
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

async function makeBridge(): Promise<void> {
  await clearNetwork();
  for (const words of [
    `link add ${BRIDGE} type bridge`,
    `addr add ${HOST_ADDRESS}/24 dev ${BRIDGE}`,
    `link set ${BRIDGE} up`,
  ])
    await must({ file: "ip", args: words.split(" "), env: process.env });
}

/** An engine leaves its rules behind; also one that was killed. */
async function clearNetwork(): Promise<void> {
  let table = "";
  for (const line of (await must({ file: "iptables-save", args: [], env: process.env })).split(
    "\n",
  )) {
    if (line.startsWith("*")) table = line.slice(1);
    if (!line.startsWith("-A ") || !OWN_RULE.test(line)) continue;
    const args = ["-t", table, "-D", ...line.split(" ").slice(1)];
    await must({ file: "iptables", args, env: process.env });
  }
  if (existsSync(`/sys/class/net/${BRIDGE}`))
    await must({ file: "ip", args: ["link", "delete", BRIDGE], env: process.env });
}
