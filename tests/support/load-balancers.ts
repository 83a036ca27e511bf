import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import { launchOf } from "#local/processes/launch.js";
import { portPicker } from "#local/processes/ports.js";
import { waitUntil } from "#local/processes/wait.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";

/** A load balancer before servers of ours. */
export interface LoadBalancer {
  readonly url: string;
  /** @returns what it noted of servers that it could not use, where it notes that in a file */
  troubles(): Promise<string>;
  stop(): Promise<void>;
}

/** What a load balancer is told. */
export interface Balanced {
  /** The package it comes from. */
  readonly found: UnpackedPackage;
  /** For its files. */
  readonly folder: string;
  /** Ports of two servers on this machine. */
  readonly ports: readonly [number, number];
  /** Ports of two token servers; absent: the same servers. */
  readonly tokenPorts?: readonly [number, number];
  /** Files of its certificate and key, which this process has to trust; absent: it speaks no TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

const ports = portPicker();

/**
 * @param balanced - what stands behind it
 * @returns nginx as `deploy/balancers/nginx.conf` has it
 */
export async function startNginx(balanced: Balanced): Promise<LoadBalancer> {
  const { found, folder, tls } = balanced;
  const port = await ports.next();
  const own = join(folder, `nginx-${port}`);
  await mkdir(own, { recursive: true });
  const withTls = await example("nginx.conf", balanced);
  const text =
    tls === undefined
      ? withTls
          .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
          .replaceAll(/^ *ssl_.*$/gm, "")
      : withTls
          .replace("listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`)
          .replace("/etc/nginx/tls/certificate.pem", tls.certificate)
          .replace("/etc/nginx/tls/key.pem", tls.key);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const file = join(own, "nginx.conf");
  await writeFile(
    file,
    `daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? "user root;" : ""}
pid ${own}/pid;
error_log ${own}/error.log info;
events { worker_connections 1024; }
http {
${temporary.map((name) => `  ${name}_temp_path ${own}/${name};`).join("\n")}
  access_log ${own}/access.log;
${text}
}
`,
  );
  const url = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  const log = join(own, "error.log");
  return run(found, ["usr/sbin/nginx", "-p", own, "-c", file], {
    url,
    troubles: () => readFile(log, "utf8"),
  });
}

/**
 * @param balanced - what stands behind it
 * @returns HAProxy as `deploy/balancers/haproxy.cfg` has it, without TLS
 */
export async function startHaproxy(balanced: Balanced): Promise<LoadBalancer> {
  const { found, folder } = balanced;
  const port = await ports.next();
  const text = (await example("haproxy.cfg", balanced)).replace(
    /bind :443 .*/,
    `bind 127.0.0.1:${port}`,
  );
  const file = join(folder, `haproxy-${port}.cfg`);
  await writeFile(file, text);
  return run(found, ["usr/sbin/haproxy", "-db", "-f", file], {
    url: `http://127.0.0.1:${port}`,
    troubles: () => Promise.resolve(""),
  });
}

async function example(name: string, { ports: behind, tokenPorts }: Balanced): Promise<string> {
  const [[one, other], [first, second]] = [behind, tokenPorts ?? behind];
  const text = await readFile(join(REPOSITORY_ROOT, "deploy", "balancers", name), "utf8");
  return text
    .replaceAll("gateway-1:8080", `127.0.0.1:${one}`)
    .replaceAll("gateway-2:8080", `127.0.0.1:${other}`)
    .replaceAll("token-server-1:8081", `127.0.0.1:${first}`)
    .replaceAll("token-server-2:8081", `127.0.0.1:${second}`);
}

async function run(
  found: UnpackedPackage,
  [program = "", ...args]: readonly string[],
  { url, troubles }: Omit<LoadBalancer, "stop">,
): Promise<LoadBalancer> {
  const command = { file: join(found.root, program), args, env: found.env };
  const launch = launchOf(command, "SIGKILL");
  const child = spawn(launch.file, launch.args, {
    ...launch.options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const ended = once(child, "exit");
  const answers = () => fetch(`${url}/ready`).then(({ status }) => status === 200);
  if (!(await waitUntil(answers, { withinMs: 30_000 })))
    throw new Error(`${program} does not pass requests on:\n${output}`);
  return {
    url,
    troubles,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
