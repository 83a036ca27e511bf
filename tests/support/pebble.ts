import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import { launchOf } from "#local/processes/launch.js";
import { portPicker } from "#local/processes/ports.js";
import { makeAuthority, makeLeaf } from "./certificates.js";
import { eventually } from "./eventually.js";

/** An authority that certifies by ACME: Let's Encrypt's own server for tests, and a name server for which every name is this machine. */
export interface Pebble {
  readonly directory: string;
  /** PEM of whoever certifies the server itself. */
  readonly authority: string;
  /** Everything it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

const ports = portPicker();

/**
 * @param found - Debian's package `pebble`
 * @param folder - for its files
 * @param asked - ports of this machine at which it asks whether a name is ours
 * @returns it, listening
 */
export async function startPebble(
  found: UnpackedPackage,
  folder: string,
  asked: { readonly httpPort: number; readonly tlsPort: number },
): Promise<Pebble> {
  const [port, managementPort, dnsPort, dnsManagementPort] = [
    await ports.next(),
    await ports.next(),
    await ports.next(),
    await ports.next(),
  ];
  const authority = await makeAuthority();
  const { certificate, key } = await makeLeaf(authority, ["localhost", "acme.example.org"]);
  const [certificateFile, keyFile, configFile] = ["pebble.crt", "pebble.key", "pebble.json"].map(
    (name) => join(folder, name),
  ) as [string, string, string];
  await writeFile(certificateFile, certificate);
  await writeFile(keyFile, key);
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    ...{ certificate: certificateFile, privateKey: keyFile, ...asked },
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
  };
  await writeFile(configFile, JSON.stringify({ pebble }));
  let output = "";
  const started: ChildProcess[] = [];
  const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv) => {
    const file = join(found.root, "usr", "bin", program);
    const launch = launchOf({ file, args, env: { ...found.env, ...env } }, "SIGKILL");
    const child = spawn(launch.file, launch.args, {
      ...launch.options,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    started.push(child);
  };
  const dns = `127.0.0.1:${dnsPort}`;
  run(
    "pebble-challtestsrv",
    [
      ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", dns],
      ...["-http01", "", "-https01", "", "-tlsalpn01", ""],
      ...["-management", `127.0.0.1:${dnsManagementPort}`],
    ],
    {},
  );
  run("pebble", ["-config", configFile, "-strict", "-dnsserver", dns], { PEBBLE_VA_NOSLEEP: "1" });
  await eventually("it listens", async () => (await isOpen(port)) && isOpen(dnsPort), 20_000);
  return {
    directory: `https://localhost:${port}/dir`,
    authority: authority.certificatePem,
    output: () => output,
    stop: async () => {
      for (const child of started) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const exit = once(child, "exit");
        child.kill("SIGKILL");
        await exit;
      }
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
