import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PLACE = "/dev/shm";
const TMPFS = 0x01021994;
const LEAST_BYTES = 6 * 1024 ** 3;

/**
 * Databases and storages of tests are thrown away: where there is enough memory they need no disk, which would have to write
 * each commit down. Sets `TMPDIR` to a folder in memory that goes with this process; does nothing where one is set, or where there is no room.
 */
export function useMemoryFolder() {
  if (process.env.TMPDIR !== undefined || !hasRoom()) return;
  // Sockets and podman want short paths.
  const folder = mkdtempSync(join(PLACE, "w-"));
  process.once("exit", () => remove(folder));
  // Some programs do not run as root: they have to reach what is theirs below it.
  chmodSync(folder, 0o711);
  if (runsPrograms(folder)) process.env.TMPDIR = folder;
}

function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    console.error(`wharfinger: ${folder} could not be removed: ${error.message}`);
  }
}

/** A container has 64 MiB there, other systems nothing. */
function hasRoom() {
  try {
    const { type, bavail, bsize } = statfsSync(PLACE);
    return type === TMPFS && bavail * bsize >= LEAST_BYTES;
  } catch {
    return false;
  }
}

function runsPrograms(folder) {
  try {
    const script = join(folder, "script");
    writeFileSync(script, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    execFileSync(script);
    rmSync(script);
    return true;
  } catch {
    return false;
  }
}
