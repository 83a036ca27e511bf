import { parseArgs } from "node:util";
import { ConfigError } from "#service-kit/config.js";
import { runCommand, understood, UsageError } from "#service-kit/command.js";
import { usageOf } from "#service-kit/usage.js";
import { type GatewayConfig } from "../../config/config.js";
import { examine, type RegistryPlaces } from "./examine.js";
import { bad, type Finding } from "./finding.js";
import { configOfCommand } from "../../wiring/command.js";

const USAGE = usageOf({
  about: "What is wrong with an installation, seen from where its gateway is",
  call: "npm run doctor --",
  program: "gateway/src/commands/doctor/main.js",
  forms: `  [--registry-config FILE] [--registry-program FILE] [--json]
      looks at the gateway's variables, at the names in them and the proxies, at Postgres (TLS, connections,
      clock, migrations, rights), at the registry (keys, version, storage), at its configuration file and the
      bucket that it names, at the webhook and the token servers; nothing is changed`,
  examples: ["", "--registry-config /etc/distribution/config.yml", "--json"],
  ends: "0 when nothing is bad, 1 when something is, 2 when it failed",
  environment: "the gateway's",
});

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values } = understood(() =>
    parseArgs({
      args: [...argv],
      options: {
        "registry-config": { type: "string" },
        "registry-program": { type: "string" },
        json: { type: "boolean", default: false },
      },
    }),
  );
  const { "registry-config": file = null, "registry-program": program = null, json } = values;
  if (file === "" || program === "") throw new UsageError("wanted the name of a file");
  const findings = await findingsOf(env, { file, program });
  if (json) print(JSON.stringify({ findings }, null, 2));
  else for (const finding of findings) print(linesOf(finding));
  return findings.some(({ state }) => state === "bad") ? 1 : 0;
}

async function findingsOf(
  env: NodeJS.ProcessEnv,
  registry: RegistryPlaces,
): Promise<readonly Finding[]> {
  let config: GatewayConfig;
  try {
    config = configOfCommand(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const todo = "the gateway does not start like that: docs/configuration.md has every variable";
    return error.faults.map((fault) => bad("configuration", fault, todo));
  }
  return examine(config, registry);
}

function linesOf({ state, check, found, todo }: Finding): string {
  const line = `${state.padEnd(4)}  ${check}: ${found}`;
  return todo === null ? line : `${line}\n      → ${todo}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCommand(() => main(process.argv.slice(2), process.env), {
  usage: USAGE,
  failure: "the installation could not be looked at",
});
