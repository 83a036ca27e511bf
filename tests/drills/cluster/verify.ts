import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "#local/processes/run-program.js";
import { DIST } from "#local/repository-root.js";
import { nameOf } from "#tests/chaos/acknowledged.js";
import type { KnownPush } from "#tests/chaos/client.js";
import type { Fleet } from "#tests/chaos/fleet.js";

/** What `verify --registry` says after a drill. */
export interface Verified {
  /** Tags of the registry that the ledger does not know. */
  readonly unknown: number;
  /** Its conclusions that something is wrong, those about unknown tags left out. */
  readonly wrong: readonly string[];
}

const VERIFIED_WITHIN_MS = 300_000;

/**
 * @param fleet - whose gateway's environment is used
 * @returns what the auditor's program says
 */
export async function verifyRegistry(fleet: Fleet): Promise<Verified> {
  const pid = await fleet.processOf("gateway", 0);
  const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
  const env = Object.fromEntries(
    environment
      .filter((line) => !line.startsWith("NODE_CHANNEL_"))
      .map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)]),
  );
  const program = join(DIST, "audit-log", "src", "commands", "main.js");
  const args = [program, "verify", "--registry"];
  const command = { file: process.execPath, args, env };
  const { output } = await runProgram(command, { timeoutMs: VERIFIED_WITHIN_MS });
  return conclusionsIn(output);
}

/**
 * @param output - of `verify --registry`
 * @returns its conclusions; those that something is wrong are in capitals
 */
export function conclusionsIn(output: string): Verified {
  const told = /^THE LEDGER DOES NOT KNOW ([\d,]+) TAGS? OF THE REGISTRY$/m;
  const unknown = Number(told.exec(output)?.[1]?.replaceAll(",", "") ?? 0);
  const lines = output.split("\n");
  const isThrough = lines.some((line) => told.test(line) || line === KNOWS_ALL);
  const wrong = lines.filter((line) => /^[A-Z0-9, ()-]*[A-Z]{3}[A-Z0-9, ()-]*$/.test(line));
  return {
    unknown,
    wrong: [
      ...wrong.filter((line) => !told.test(line)),
      ...(isThrough ? [] : [`verify did not come to its end: ${output.slice(-500)}`]),
    ],
  };
}

const KNOWS_ALL = "the ledger knows every tag of the registry";

/** Tags that were acknowledged, and what the ledger has of them. */
export interface Forgotten {
  /** It does not know them. */
  readonly tags: readonly string[];
  /** It does not know who pushed them: a gateway found them at the registry again. */
  readonly authors: readonly string[];
}

/**
 * @param fleet - with all parts up
 * @param pushes - what was acknowledged
 * @returns what the ledger does not know of it
 */
export async function forgottenBy({ db }: Fleet, pushes: readonly KnownPush[]): Promise<Forgotten> {
  const { rows } = await db.query<{ name: string; origin: string }>(
    "select repository || ':' || name as name, origin from ledger.tag where digest is not null",
  );
  const origins = new Map(rows.map(({ name, origin }) => [name, origin]));
  const names = pushes.map(nameOf);
  return {
    tags: names.filter((name) => !origins.has(name)),
    authors: names.filter((name) => origins.get(name) === "adopted"),
  };
}
