import { chmodSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ConfigError, envReader } from "#service-kit/config.js";
import { OPTIONS, readSettings, type Options } from "./options.js";
import { renderRegistryConfig } from "./render.js";
import { readBucketVariables } from "./storage-variables.js";

const WRONG_USE = 2;

const USAGE = `Writes a configuration for the stock registry behind the gateway.

npm run registry-config -- --registry 2.8|3 --storage filesystem|s3|s3-cloudfront --out FILE …

${Object.entries(OPTIONS)
  .map(([name, meaning]) => `  --${name.padEnd(25)} ${meaning}`)
  .join("\n")}
  --${"help".padEnd(25)} this text
`;

function parseOptions(): Options & { help?: boolean } {
  const text = { type: "string" } as const;
  const names = Object.keys(OPTIONS).map((name) => [name, text] as const);
  const options = { ...Object.fromEntries(names), help: { type: "boolean" } as const };
  return parseArgs({ options }).values;
}

function run(): void {
  const { help, out, ...options } = parseOptions();
  if (help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const settings = readSettings({ ...ofEnvironment(options), ...options });
  if (out === undefined) throw new ConfigError(["out: absent, wanted a file or -"]);
  const text = renderRegistryConfig(settings);
  if (out === "-") process.stdout.write(text);
  else writePrivately(out, text);
}

/** A folder has nothing of what the environment may say about a bucket. */
function ofEnvironment({ storage }: Options): Options {
  if (storage?.startsWith("s3") !== true) return {};
  const read = envReader(process.env);
  const options = readBucketVariables(read);
  read.throwIfFaulty();
  return options;
}

function writePrivately(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  // The mode above holds for a new file alone.
  chmodSync(file, 0o600);
}

try {
  run();
} catch (error) {
  const isWrongUse =
    error instanceof ConfigError ||
    (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`registry-config: ${(error as Error).message}\n`);
  if (isWrongUse === true) process.stderr.write("see npm run registry-config -- --help\n");
  process.exitCode = isWrongUse === true ? WRONG_USE : 1;
}
