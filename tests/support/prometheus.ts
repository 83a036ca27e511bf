import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import { launchOf } from "#local/processes/launch.js";
import { portPicker } from "#local/processes/ports.js";
import { waitUntil } from "#local/processes/wait.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";

/** A Prometheus that reads services of ours. */
export interface Prometheus {
  /** @returns what a query answers now. @throws Error with Prometheus' words when it cannot be read */
  query(expr: string): Promise<readonly object[]>;
  stop(): Promise<void>;
}

const SOURCE = join(REPOSITORY_ROOT, "deploy", "monitoring", "prometheus");
const ports = portPicker();

/**
 * @param found - the package it comes from
 * @param folder - for its files
 * @param targets - `host:port` of the metrics of each job
 * @returns Prometheus with the configuration and the rules of deploy/monitoring, which reads every second
 */
export async function startPrometheus(
  found: UnpackedPackage,
  folder: string,
  targets: Readonly<Record<string, readonly string[]>>,
): Promise<Prometheus> {
  const port = await ports.next();
  await cp(join(SOURCE, "rules"), join(folder, "rules"), { recursive: true });
  const file = join(folder, "prometheus.yml");
  await writeFile(file, await configuration(targets));
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const command = { file: join(found.root, "usr/bin/prometheus"), args, env: found.env };
  const launch = launchOf(command, "SIGKILL");
  const child = spawn(launch.file, launch.args, {
    ...launch.options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const isReady = () => fetch(`${url}/-/ready`).then(({ ok }) => ok);
  if (!(await waitUntil(isReady, { withinMs: 30_000 })))
    throw new Error(`Prometheus is not ready:\n${output}`);
  return {
    query: (expr) => ask(url, expr),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function configuration(targets: Readonly<Record<string, readonly string[]>>) {
  const given = parse(await readFile(join(SOURCE, "prometheus.yml"), "utf8")) as {
    global: object;
    scrape_configs: readonly { job_name: string }[];
  };
  return stringify({
    ...given,
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    scrape_configs: given.scrape_configs.map(({ job_name: job }) => ({
      job_name: job,
      static_configs: [{ targets: targets[job] ?? [] }],
    })),
  });
}

async function ask(url: string, expr: string): Promise<readonly object[]> {
  const answer = await fetch(
    `${url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`,
  );
  const body = (await answer.json()) as {
    readonly error?: string;
    readonly data?: { readonly result: readonly object[] };
  };
  if (body.data === undefined) throw new Error(`${expr}: ${body.error ?? answer.status}`);
  return body.data.result;
}
