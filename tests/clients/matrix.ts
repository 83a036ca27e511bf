import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { TemporaryFolder } from "#tests/support/temporary-folder.js";
import { JOB_IDS, type Client, type JobId, type Target } from "./job.js";
import { wordsOf } from "./words.js";

/** How one job of one client went at one registry. */
export interface Entry {
  readonly client: string;
  readonly version: string;
  /** Where its requests are taken from; absent: it was run itself. */
  readonly reenacted?: string;
  readonly job: JobId;
  readonly ok: boolean;
  /** What its user reads; empty where all went well. */
  readonly words: string;
}

/**
 * Has every client do every job it knows, one after the other.
 *
 * @param clients - which
 * @param target - where
 * @param folder - for what they keep
 * @param say - told of each job
 * @returns how it went, in this order
 */
export async function runMatrix(
  clients: readonly Client[],
  target: Target,
  folder: TemporaryFolder,
  say: (line: string) => void = () => undefined,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [index, client] of clients.entries()) {
    const { name, version, reenacted } = client;
    const own = join(folder.path, `${target.isGateway ? "gateway" : "registry"}-${index}`);
    await mkdir(own);
    const visit = await client.visit(target, own);
    for (const job of JOB_IDS) {
      const outcome = await visit.jobs[job]?.();
      if (outcome === undefined) continue;
      const words = outcome.ok ? "" : wordsOf(outcome.output, target.host);
      const about = { client: name, version, ...(reenacted === undefined ? {} : { reenacted }) };
      entries.push({ ...about, job, ok: outcome.ok, words });
      say(`${name}: ${job}: ${outcome.ok ? "done" : words}`);
    }
    await visit.end?.();
  }
  return entries;
}
