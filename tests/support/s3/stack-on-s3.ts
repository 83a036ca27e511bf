import { runProgram, type Outcome } from "#local/processes/run-program.js";
import { startStock, type TestRegistry } from "../registry.js";
import { localCommand } from "../local-command.js";
import { startTestStack, type TestStack } from "../stack.js";
import { testTools } from "../tools.js";
import type { S3Server } from "./rados-gateway.js";
import { startRecordingRelay, type RecordingRelay } from "./recording-relay.js";

/** A stack whose registry keeps blobs in a bucket of its own. */
export interface StackOnS3 {
  readonly stack: TestStack;
  /** Everything that registry and clients say to S3 goes through it. */
  readonly relay: RecordingRelay;
  /** Runs a command of `package.json`, such as `discover`, beside the stack. */
  command(name: Command, ...args: readonly string[]): Promise<Outcome>;
  stop(): Promise<void>;
}

const COMMANDS = {
  discover: "gateway/src/commands/discover/main.js",
  "collect-garbage": "deploy/local/commands/collect-garbage.js",
} as const;
type Command = keyof typeof COMMANDS;

/**
 * @param s3 - where the bucket is
 * @param options - the bucket's name, and whether clients are sent on to it
 * @returns the stack, ready
 */
export async function startStackOnS3(
  s3: S3Server,
  { bucket, redirect }: { readonly bucket: string; readonly redirect: boolean },
): Promise<StackOnS3> {
  const relay = await startRecordingRelay(s3.port);
  const env = {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    STORAGE_S3_BUCKET: bucket,
    STORAGE_S3_REGION: s3.region,
    STORAGE_S3_ENDPOINT: relay.url,
    STORAGE_S3_PATH_STYLE: "true",
    STORAGE_S3_SECURE: "false",
    STORAGE_S3_ENCRYPT: "false",
    STORAGE_S3_REDIRECT: String(redirect),
    // Passes are made by hand alone.
    DISCOVERY_SECONDS: "0",
  };
  const stack = await startTestStack({ env }).catch(async (error: unknown) => {
    await relay.stop();
    throw error;
  });
  return {
    stack,
    relay,
    command: (name, ...args) => {
      const run = localCommand(stack.dataDir, [COMMANDS[name], ...args], env);
      return runProgram(run, { timeoutMs: 120_000 });
    },
    stop: async () => {
      await stack.stop();
      await relay.stop();
    },
  };
}

/**
 * @param s3 - where the bucket is
 * @param bucket - its name
 * @returns a registry on the same bucket that lets anybody do anything, past every gateway
 */
export async function startRegistryOnS3(s3: S3Server, bucket: string): Promise<TestRegistry> {
  const { registry } = testTools();
  if (registry.kind !== "binary") throw new Error("there is no program of the stock registry");
  const { accessKeyId: accesskey, secretAccessKey: secretkey } = s3;
  const of3 = registry.line === "3" ? { forcepathstyle: true } : {};
  const place = { bucket, region: s3.region, regionendpoint: s3.url, secure: false };
  const driver = { ...place, accesskey, secretkey, ...of3 };
  return startStock(registry.file, { storage: { filesystem: undefined, s3: driver } });
}
