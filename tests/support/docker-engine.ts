import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { launchOf } from "#local/processes/launch.js";
import { runProgram, type Outcome } from "#local/processes/run-program.js";
import { waitUntil } from "#local/processes/wait.js";
import { temporaryFolder } from "./temporary-folder.js";
import { testTools } from "./tools.js";

/** A Docker Engine of a test's own, with its client. */
export interface DockerEngine {
  /** Version that the engine says it has. */
  readonly version: string;
  /** Runs the client. */
  docker(...args: string[]): Promise<Outcome>;
  /** Logs in to a registry; the client keeps the login. */
  login(host: string, login: string): Promise<Outcome>;
  /** Builds an image FROM scratch with one file in it. */
  build(name: string, content: string | Buffer): Promise<Outcome>;
  /** Runs `ctr` on the engine's containerd. */
  ctr(...args: string[]): Promise<Outcome>;
  stop(): Promise<void>;
}

const UP_WITHIN_MS = 60_000;
const CALL_MS = 360_000;

/** @returns an engine, answering; or a text that says why there is none */
export async function startDockerEngine(): Promise<DockerEngine | string> {
  const { docker: tools } = testTools();
  if (typeof tools === "string") return tools;
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const socket = `unix://${at("docker.sock")}`;
  const args = [
    ...["--storage-driver=vfs", "--iptables=false", "--ip6tables=false", "--bridge=none"],
    ...["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("docker.pid")],
    ...["--host", socket],
  ];
  // The engine looks for containerd and runc on the path; a client found elsewhere has none beside it.
  const folders = [tools.engine, tools.client].flatMap(({ file, env }) => [
    dirname(file),
    env["PATH"] ?? "",
  ]);
  const path = [...folders, process.env["PATH"] ?? ""].filter((part) => part !== "").join(":");
  const env = { ...process.env, ...tools.engine.env, PATH: path };
  const engine = launchEngine({ file: tools.engine.file, args, env }, at("engine.log"));
  const run = (words: readonly string[], extra: NodeJS.ProcessEnv = {}) =>
    runProgram(
      {
        file: tools.client.file,
        args: ["--host", socket, "--config", at("config"), ...words],
        env: { ...process.env, ...tools.client.env, ...extra },
      },
      { timeoutMs: CALL_MS },
    );
  const stop = async () => {
    await end(engine);
    await folder.remove();
  };
  const version = () => run(["version", "--format", "{{.Server.Version}}"]);
  const isUp = await waitUntil(async () => engine.exitCode !== null || (await version()).ok, {
    withinMs: UP_WITHIN_MS,
    everyMs: 250,
  });
  if (!isUp || engine.exitCode !== null) {
    const log = await readFile(at("engine.log"), "utf8");
    await stop();
    return `the Docker engine did not come up:\n${log.split("\n").slice(-15).join("\n")}`;
  }
  return {
    version: (await version()).stdout.trim(),
    docker: (...words) => run(words),
    ctr: (...words) =>
      runProgram(
        {
          file: join(dirname(tools.engine.file).replace(/sbin$/, "bin"), "ctr"),
          args: [
            "--address",
            at("exec/containerd/containerd.sock"),
            "--namespace",
            "test",
            ...words,
          ],
          env,
        },
        { timeoutMs: CALL_MS },
      ),
    login: (host, login) => {
      const colon = login.indexOf(":");
      return run(["login", "-u", login.slice(0, colon), "-p", login.slice(colon + 1), host]);
    },
    build: async (name, content) => {
      const context = at(`build-${Buffer.from(name).toString("hex")}`);
      await mkdir(context, { recursive: true });
      await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY content /content\n");
      await writeFile(join(context, "content"), content);
      return run(["build", "-q", "-t", name, context], { DOCKER_BUILDKIT: "0" });
    },
    stop,
  };
}

function launchEngine(command: Parameters<typeof launchOf>[0], logFile: string): ChildProcess {
  const { file, args, options } = launchOf(command, "SIGTERM");
  const log = openSync(logFile, "a");
  return spawn(file, args, { ...options, stdio: ["ignore", log, log] });
}

async function end(engine: ChildProcess): Promise<void> {
  if (engine.exitCode !== null || engine.signalCode !== null) return;
  const ended = once(engine, "exit");
  engine.kill("SIGTERM");
  await ended;
}
