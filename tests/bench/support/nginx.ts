import { writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { portPicker } from "#local/processes/ports.js";
import { createService, type Service } from "#local/processes/service.js";
import type { Program } from "./programs.js";
import { quietly } from "#tests/support/service-context.js";

/**
 * @param program - nginx
 * @param folder - for its files
 * @param upstream - URL of the registry
 * @returns nginx in front of it, as the registry's documentation has it, with connections that are kept
 */
export async function startNginx(
  program: Program,
  folder: string,
  upstream: string,
): Promise<{ readonly url: string; readonly service: Service }> {
  const port = await portPicker().next();
  await mkdir(join(folder, "nginx"), { recursive: true });
  const file = join(folder, "nginx", "nginx.conf");
  await writeFile(file, configuration(join(folder, "nginx"), port, new URL(upstream).host));
  const url = `http://127.0.0.1:${port}`;
  const service = createService(
    {
      name: "nginx",
      command: { file: program.file, args: ["-p", folder, "-c", file], env: program.env },
      logFile: join(folder, "nginx.log"),
      ipc: false,
      deathSignal: "SIGTERM",
      stopSignals: [["SIGTERM", 2_000]],
      readyWithinMs: 20_000,
      isReady: async () => (await fetch(`${url}/v2/`)).status === 200,
    },
    quietly(),
  );
  await service.start();
  return { url, service };
}

function configuration(folder: string, port: number, upstream: string): string {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `  ${name}_temp_path ${folder}/${name};`,
  );
  return `daemon off;
user root;
worker_processes auto;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 1024; }
http {
${paths.join("\n")}
  access_log off;
  keepalive_requests 1000000;
  upstream registry { server ${upstream}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    chunked_transfer_encoding on;
    location / {
      proxy_pass http://registry;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_request_buffering off;
      proxy_read_timeout 900;
    }
  }
}
`;
}
