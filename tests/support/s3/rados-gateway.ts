import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { portPicker } from "#local/processes/ports.js";
import { runProgram } from "#local/processes/run-program.js";
import { createService, type Service } from "#local/processes/service.js";
import { quietly } from "../service-context.js";
import { temporaryFolder } from "../temporary-folder.js";
import { findRadosPrograms, type RadosPrograms } from "./rados-programs.js";
import { radosConfiguration } from "./rados-settings.js";
import { signedForS3, type S3Credentials } from "./signature.js";

/** An S3 server of a test's own: Ceph's RADOS gateway before a cluster of one disk, in memory. */
export interface S3Server {
  readonly url: string;
  readonly port: number;
  readonly region: string;
  readonly credentials: S3Credentials;
  /** Makes a bucket. */
  makeBucket(name: string): Promise<void>;
  /** Keys of a bucket's objects. */
  keysOf(bucket: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** The gateway looks at no region, the registry wants one. */
const REGION = "eu-central-1";

const ports = portPicker(process.pid + 11);

/** @returns an S3 server, answering; or the reason why there is none */
export async function startS3(): Promise<S3Server | string> {
  const programs = await findRadosPrograms();
  if (typeof programs === "string") return programs;
  const folder = await temporaryFolder();
  const cluster = new Cluster(programs, folder.path);
  const stop = async () => {
    await cluster.stop();
    await folder.remove();
  };
  try {
    return { ...(await cluster.start()), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

class Cluster {
  readonly #services: Service[] = [];
  readonly #env: Record<string, string>;
  readonly #programs: RadosPrograms;
  readonly #folder: string;

  constructor(programs: RadosPrograms, folder: string) {
    this.#programs = programs;
    this.#folder = folder;
    this.#env = { ...programs.env, CEPH_CONF: join(folder, "ceph.conf") };
  }

  async start(): Promise<Omit<S3Server, "stop">> {
    const [monitorPort, gatewayPort] = [await ports.next(), await ports.next()];
    const url = `http://127.0.0.1:${gatewayPort}`;
    const clusterId = randomUUID();
    await this.#configure({ monitorPort, gatewayPort, clusterId });
    await this.#makeMonitor(monitorPort, clusterId);
    await this.#serve("ceph-mon", ["-i", "a"], () => isListening(monitorPort));
    await this.#run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", randomUUID());
    await this.#serve("ceph-osd", ["-i", "0"], () => true);
    // Waits until the disk is there, and makes the pools.
    const credentials = await this.#makeUser();
    const answers = async () => (await fetch(url)).status === 200;
    await this.#serve("radosgw", ["-n", "client.rgw.a"], answers);
    const own = { url, port: gatewayPort, region: REGION, credentials };
    return {
      ...own,
      makeBucket: async (name) => {
        const target = { method: "PUT", url: `${url}/${name}`, region: REGION };
        const { status } = await fetch(target.url, signedForS3(target, credentials));
        if (status !== 200) throw new Error(`the bucket ${name} was not made: ${status}`);
      },
      keysOf: async (bucket) => {
        const text = await this.#run("radosgw-admin", "bucket", "list", `--bucket=${bucket}`, MOST);
        return (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
      },
    };
  }

  async stop(): Promise<void> {
    for (const service of this.#services.reverse()) await service.stop();
  }

  async #configure(found: { monitorPort: number; gatewayPort: number; clusterId: string }) {
    for (const name of ["mon", "osd", "run"]) await mkdir(join(this.#folder, name));
    const { libraries } = this.#programs;
    const text = radosConfiguration({ folder: this.#folder, libraries, ...found });
    await writeFile(join(this.#folder, "ceph.conf"), text);
  }

  /** Its first maps name the monitor and the disk, so that nobody has to be asked for them. */
  async #makeMonitor(port: number, clusterId: string): Promise<void> {
    const [monitors, disks] = [join(this.#folder, "monmap"), join(this.#folder, "osdmap")];
    const itself = ["--addv", "a", `[v2:127.0.0.1:${port}]`];
    await this.#run("monmaptool", "--create", "--fsid", clusterId, ...itself, monitors);
    await this.#run("osdmaptool", "--createsimple", "1", disks);
    await this.#run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monitors, "--osdmap", disks);
  }

  async #makeUser(): Promise<S3Credentials> {
    const accessKeyId = `AK${randomBytes(9).toString("hex").toUpperCase()}`;
    const secretAccessKey = randomBytes(20).toString("hex");
    await this.#run(
      ...["radosgw-admin", "user", "create", "--uid=registry", "--display-name=registry"],
      ...[`--access-key=${accessKeyId}`, `--secret=${secretAccessKey}`],
    );
    return { accessKeyId, secretAccessKey };
  }

  async #run(program = "", ...args: readonly string[]): Promise<string> {
    const command = { file: this.#programs.program(program), args, env: this.#env };
    const { ok, stdout, output } = await runProgram(command, { timeoutMs: 120_000 });
    if (!ok) throw new Error(`${program} ${args.join(" ")}:\n${output}`);
    return stdout;
  }

  async #serve(name: string, args: readonly string[], isReady: () => boolean | Promise<boolean>) {
    const service = createService(
      {
        name,
        command: { file: this.#programs.program(name), args: [...args, "-f"], env: this.#env },
        logFile: join(this.#folder, `${name}.out`),
        ipc: false,
        deathSignal: "SIGKILL",
        // What it has is thrown away.
        stopSignals: [["SIGKILL", 1_000]],
        readyWithinMs: 60_000,
        isReady: async () => isReady(),
      },
      quietly(),
    );
    this.#services.push(service);
    await service.start();
  }
}

const MOST = "--max-entries=100000";

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const tell = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => {
      tell(true);
    });
    socket.once("error", () => {
      tell(false);
    });
  });
}
