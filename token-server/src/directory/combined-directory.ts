import type { DirectorySource } from "./directory-source.js";
import { snapshotOf, type DirectorySnapshot, type Listed } from "./directory-snapshot.js";

/**
 * With a file, Postgres has secrets of services alone: what stands in the file, and nothing else, says who may do what.
 *
 * @param file - what the directory file says now; `null`: there is none
 * @param stored - what Postgres lists; `null` while that is not known
 * @returns both as one directory
 */
export function combinedDirectory(
  file: { current(): Listed } | null,
  stored: { current(): Listed | null },
): DirectorySource {
  let made: {
    readonly of: readonly [Listed | null, Listed | null];
    readonly snapshot: DirectorySnapshot;
  } | null = null;
  return {
    current: () => {
      const [written, kept] = [file?.current() ?? null, stored.current()];
      if (written === null && kept === null) return null;
      if (made?.of[0] === written && made.of[1] === kept) return made.snapshot;
      const snapshot = combined(written, kept);
      made = { of: [written, kept], snapshot };
      return snapshot;
    },
  };
}

function combined(file: Listed | null, stored: Listed | null): DirectorySnapshot {
  if (file === null) {
    if (stored === null) throw new TypeError("there is nothing to combine");
    return snapshotOf(stored);
  }
  const names = new Set(file.services.map(({ name }) => name));
  const others = stored?.services.filter(({ name }) => !names.has(name)) ?? [];
  return snapshotOf({ ...file, services: [...file.services, ...others] });
}
