import { statfsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is gone after the test. */
export interface TemporaryFolder {
  path: string;
  remove(): Promise<void>;
}

/** Databases and registries of tests are thrown away: on a slow disk their files cost more than all else that is tested. */
const IN_MEMORY = "/dev/shm";
/** With less of it, as in many containers, large blobs would fill it. */
const ENOUGH_BYTES = 8 * 2 ** 30;

/** @returns a new, empty folder */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(parent(), "wharfinger-test-"));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

function parent(): string {
  return process.env.TMPDIR === undefined && hasMemory() ? IN_MEMORY : tmpdir();
}

function hasMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return Math.min(bavail * bsize, freemem()) >= ENOUGH_BYTES;
  } catch {
    return false;
  }
}
