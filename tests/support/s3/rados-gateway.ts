import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { portPicker } from "#local/processes/ports.js";
import { runProgram } from "#local/processes/run-program.js";
import { createService } from "#local/processes/service.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { quietly } from "../service-context.js";
import { temporaryFolder } from "../temporary-folder.js";
import { findRadosPrograms, type RadosPrograms } from "./rados-programs.js";

/** An S3 server of a test's own: Ceph's, as docker-compose runs it, with objects in memory. */
export interface S3Server {
  readonly url: string;
  readonly port: number;
  readonly region: string;
  /** Of somebody who may do with the buckets what `deploy/aws/registry-policy.json` says, and nothing else. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** @returns keys of a bucket's objects */
  keysOf(bucket: string): Promise<string[]>;
  stop(): Promise<void>;
}

const START = join(REPOSITORY_ROOT, "deploy", "compose", "s3", "start.sh");
/** The server looks at no region, the registry wants one. */
const REGION = "eu-central-1";

const ports = portPicker();

/**
 * @param buckets - names of the buckets that it has
 * @returns an S3 server, answering; or the reason why there is none
 */
export async function startS3(buckets: readonly string[]): Promise<S3Server | string> {
  const programs = await findRadosPrograms();
  if (typeof programs === "string") return programs;
  const folder = await temporaryFolder();
  const [port, monitorPort] = [await ports.next(), await ports.next()];
  const url = `http://127.0.0.1:${port}`;
  const keys = { accessKeyId: hex(10).toUpperCase(), secretAccessKey: hex(20) };
  const credentials = join(folder.path, "credentials");
  const lines = [
    "[default]",
    `aws_access_key_id = ${keys.accessKeyId}`,
    `aws_secret_access_key = ${keys.secretAccessKey}`,
  ];
  await writeFile(credentials, `${lines.join("\n")}\n`, { mode: 0o600 });
  const data = join(folder.path, "data");
  const settings = {
    S3_DATA: data,
    S3_HOST: "127.0.0.1",
    S3_PORT: String(port),
    S3_MONITOR_PORT: String(monitorPort),
    S3_BUCKETS: buckets.join(" "),
    S3_CREDENTIALS_FILE: credentials,
    S3_LIBRARIES: programs.libraries,
    S3_STORE: "memstore",
  };
  const service = createService(
    {
      name: "s3",
      command: { file: "bash", args: [START], env: { ...programs.env, ...settings } },
      logFile: join(folder.path, "s3.log"),
      ipc: false,
      deathSignal: "SIGTERM",
      stopSignals: [["SIGTERM", 20_000]],
      readyWithinMs: 120_000,
      isReady: () => hasAll(url, buckets),
    },
    quietly(),
  );
  const stop = async () => {
    await service.stop();
    await folder.remove();
  };
  const admin = { programs, conf: join(data, "ceph.conf") };
  const registry = { accessKeyId: hex(10).toUpperCase(), secretAccessKey: hex(20) };
  try {
    await service.start();
    await letRegistryIn(admin, { url, owner: keys, registry, buckets });
  } catch (error) {
    await stop();
    throw error;
  }
  const keysOf = (bucket: string) => listKeys(admin, bucket);
  return { url, port, region: REGION, ...registry, keysOf, stop };
}

/** Of a bucket that there is nobody may know anything without a login; of another, that there is none. */
async function hasAll(url: string, buckets: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(buckets.map((name) => fetch(`${url}/${name}`)));
  return answers.every(({ status }) => status === 403);
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What works on the cluster itself. */
interface Admin {
  readonly programs: RadosPrograms;
  readonly conf: string;
}

/** The buckets are somebody else's: whoever uses them has the rights of the policy that comes with the product. */
async function letRegistryIn(
  admin: Admin,
  to: {
    readonly url: string;
    readonly owner: Keys;
    readonly registry: Keys;
    readonly buckets: readonly string[];
  },
): Promise<void> {
  const { accessKeyId, secretAccessKey } = to.registry;
  const login = [`--access-key=${accessKeyId}`, `--secret=${secretAccessKey}`];
  await run(
    admin,
    "radosgw-admin",
    "user",
    "create",
    `--uid=${USER}`,
    "--display-name=x",
    ...login,
  );
  for (const bucket of to.buckets) {
    const policy = await policyFor(bucket);
    const hash = createHash("sha256").update(policy).digest("hex");
    await run(
      admin,
      ...["curl", "-sS", "--fail", "-X", "PUT", "--aws-sigv4", `aws:amz:${REGION}:s3`],
      ...["--user", `${to.owner.accessKeyId}:${to.owner.secretAccessKey}`],
      ...["-H", `x-amz-content-sha256: ${hash}`, "-H", "Content-Type: application/json"],
      ...["--data-binary", policy, `${to.url}/${bucket}?policy=`],
    );
  }
}

const USER = "limited";

async function policyFor(bucket: string): Promise<string> {
  const file = join(REPOSITORY_ROOT, "deploy", "aws", "registry-policy.json");
  const text = (await readFile(file, "utf8")).replaceAll("BUCKET", bucket);
  const policy = JSON.parse(text) as { Statement: object[] };
  const Principal = { AWS: [`arn:aws:iam:::user/${USER}`] };
  const arn = `arn:aws:s3:::${bucket}`;
  // Whoever deletes several objects at once, Ceph asks for the right to delete the bucket's; Amazon looks at each object.
  const ofCeph = { Effect: "Allow", Action: ["s3:DeleteObject"], Resource: arn };
  const statements = [...policy.Statement, ofCeph].map((one) => ({ ...one, Principal }));
  return JSON.stringify({ ...policy, Statement: statements });
}

async function listKeys(admin: Admin, bucket: string): Promise<string[]> {
  const most = "--max-entries=100000";
  const text = await run(admin, "radosgw-admin", "bucket", "list", `--bucket=${bucket}`, most);
  return (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
}

async function run({ programs, conf }: Admin, ...args: readonly string[]): Promise<string> {
  const command = { file: "env", args, env: { ...programs.env, CEPH_CONF: conf } };
  const { ok, stdout, output } = await runProgram(command);
  if (!ok) throw new Error(`${args.join(" ")}:\n${output}`);
  return stdout;
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
