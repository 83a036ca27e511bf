import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DataFolder } from "../data-folder.js";
import { LocalStackError } from "../errors.js";
import type { RegistryProgram } from "../programs/registry-binary.js";
import { endContainer, registryCommand } from "../stack/registry.js";
import { runProgram } from "../processes/run-program.js";

/** What no manifest needs any more. */
export interface Garbage {
  readonly blobs: number;
  /** `null`: the registry tells names alone, and a bucket cannot be looked into. */
  readonly bytes: number | null;
}

/** How garbage is collected. */
export interface CollectOptions {
  readonly dryRun: boolean;
  readonly deleteUntagged: boolean;
  /** Whether blobs are in a bucket, and not in the folder. */
  readonly isBucket: boolean;
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 6 * 3_600_000;
const ELIGIBLE = /^(?:.*: )?blob eligible for deletion: sha256:([0-9a-f]{64})$/gm;

/**
 * Runs the stock registry's own garbage collection. Nobody may write at the registry meanwhile.
 *
 * @param program - the registry
 * @param folder - its data
 * @param options - whether anything is removed, and what
 * @param deleteManifests - told what the registry would delete that has no tag, deletes of it what nothing needs
 * @returns what was removed, or would be
 * @throws LocalStackError with what the registry said when it fails
 */
export async function collect(
  program: RegistryProgram,
  folder: DataFolder,
  { dryRun, deleteUntagged, isBucket, signal }: CollectOptions,
  deleteManifests: (eligible: string) => Promise<void>,
): Promise<Garbage> {
  const run = async (...more: string[]): Promise<string> => {
    const args = ["garbage-collect", ...more, join(folder.registry, "config.yml")];
    const command = registryCommand(program, folder, args);
    const { ok, output, stdout } = await runProgram(command, { timeoutMs: PATIENCE_MS, signal });
    signal.throwIfAborted();
    if (!ok) throw new LocalStackError(`garbage-collect failed: ${output.slice(-2_000)}`);
    return stdout;
  };
  // The registry's own command fails where no image was ever pushed; a bucket has the storage's marker at least.
  if (!isBucket && !(await hasRepositories(folder))) return { blobs: 0, bytes: 0 };
  await endContainer(program, folder);
  // Never without "--dry-run": the registry knows nothing of referrers, and deletes them past the ledger.
  if (deleteUntagged) await deleteManifests(await run("--dry-run", "--delete-untagged"));
  const find = async () => digestsIn(await run("--dry-run"));
  const remove = async () => {
    await run().finally(() => endContainer(program, folder));
  };
  if (isBucket) return collectUnmeasured(find, dryRun ? null : remove);
  // The registry tells names alone, and afterwards nobody could tell how large they were.
  const eligible = await measure(folder, await find());
  if (dryRun) return sumOf(eligible);
  await remove();
  const left = await measure(folder, [...eligible.keys()]);
  return sumOf(new Map([...eligible].filter(([digest]) => !left.has(digest))));
}

async function collectUnmeasured(
  find: () => Promise<string[]>,
  remove: (() => Promise<void>) | null,
): Promise<Garbage> {
  const eligible = await find();
  if (remove === null) return { blobs: eligible.length, bytes: null };
  await remove();
  const left = new Set(await find());
  return { blobs: eligible.filter((digest) => !left.has(digest)).length, bytes: null };
}

/**
 * @param output - what the registry printed
 * @returns hexadecimal digests of the blobs that nothing needs
 */
export function digestsIn(output: string): string[] {
  return [...output.matchAll(ELIGIBLE)].map((match) => match[1] ?? "");
}

async function hasRepositories(folder: DataFolder): Promise<boolean> {
  const path = join(folder.registry, "blobs", "docker", "registry", "v2", "repositories");
  return (await stat(path).catch(() => null)) !== null;
}

async function measure(folder: DataFolder, digests: readonly string[]) {
  const sizes = new Map<string, number>();
  for (const digest of digests) {
    const blobs = join(folder.registry, "blobs", "docker", "registry", "v2", "blobs", "sha256");
    const file = await stat(join(blobs, digest.slice(0, 2), digest, "data")).catch(() => null);
    if (file !== null) sizes.set(digest, file.size);
  }
  return sizes;
}

function sumOf(sizes: ReadonlyMap<string, number>): Garbage {
  return { blobs: sizes.size, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}
