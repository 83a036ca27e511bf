import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { findRegistry } from "#local/programs/registry-binary.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { testTools } from "#tests/support/tools.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { programsAtHand, reenactments } from "./clients-at-hand.js";
import { runMatrix } from "./matrix.js";
import { engineClients } from "./programs/docker.js";
import { clientsDocument, isAsWanted, type Measured } from "./report.js";
import { gatewayTarget, registryTarget } from "./targets.js";

const DOCUMENT = join(REPOSITORY_ROOT, "docs", "clients.md");
/** What was measured before one registry stays while another is measured. */
const MEASURED = join(REPOSITORY_ROOT, "tests", "clients", "measured");
const VERSION = /\d+\.\d+\.\d+/;

/** `npm run clients`: every client that this machine has, through every job, and what came of it in docs/clients.md; with `--write` the document alone is written anew. */
async function main(): Promise<void> {
  const say = (line: string) => {
    console.log(line);
  };
  const registry = await stockRegistry();
  const engine = await engineClients();
  if (typeof engine === "string") say(`without docker and ctr: ${engine}`);
  const folder = await temporaryFolder();
  const { stack, target: gateway } = await gatewayTarget(folder, registry.file);
  const { bare, target: alone } = await registryTarget(registry.file);
  try {
    const programs = await programsAtHand(say);
    const run = [...(typeof engine === "string" ? [] : engine.clients), ...programs];
    const clients = [...run, ...reenactments(run)];
    keep({
      registry: VERSION.exec(registry.version)?.[0] ?? registry.version,
      gateway: await runMatrix(clients, gateway, folder, say),
      bare: await runMatrix(clients, alone, folder),
    });
  } finally {
    await stack.stop();
    await bare.stop();
    await folder.remove();
    if (typeof engine !== "string") await engine.stop();
  }
  await write();
}

async function stockRegistry(): Promise<{ file: string; version: string }> {
  const named = process.env["REGISTRY_BIN"] ?? null;
  const { registry: known } = testTools();
  const signal = new AbortController().signal;
  const found =
    named === null
      ? known
      : await findRegistry({ named, toolsDir: "", say: () => undefined, signal });
  if (found.kind !== "binary") throw new Error("a registry that is a program is wanted");
  return found;
}

function keep(measured: Measured): void {
  mkdirSync(MEASURED, { recursive: true });
  const file = join(MEASURED, `${measured.registry}.json`);
  writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);
  const odd = measured.gateway.filter((entry) => !isAsWanted(entry, true));
  console.log(`${measured.gateway.length} jobs, ${odd.length} not as they have to be`);
}

async function write(): Promise<void> {
  const all = readdirSync(MEASURED)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(MEASURED, name), "utf8")) as Measured);
  const options = { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT };
  writeFileSync(DOCUMENT, await format(clientsDocument(all), options));
}

if (process.argv.includes("--write")) await write();
else await main();
