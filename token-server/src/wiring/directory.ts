import { directoryFact } from "#audit-log/facts.js";
import type { Records } from "#audit-log/open-records.js";
import { recordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import { reloadOnHangup } from "#service-kit/reload-on-hangup.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { watchFile, type WatchedFile } from "#service-kit/watch-file.js";
import type { ChangeDeps } from "../directory/change-directory.js";
import { combinedDirectory } from "../directory/combined-directory.js";
import { parseDirectoryFile } from "../directory/directory-file.js";
import type { Listed } from "../directory/directory-snapshot.js";
import type { DirectorySource } from "../directory/directory-source.js";
import { serviceLogins, type ServiceLogins } from "../directory/service-source.js";
import { storedDirectory } from "../directory/stored-directory.js";

/** Users, teams, applications, services and privileges. */
export interface OpenedDirectory extends Opened {
  readonly directory: DirectorySource;
  readonly changing: ChangeDeps;
  readonly services: ServiceLogins;
}

/** What following the directory needs. */
export interface DirectoryDeps {
  readonly db: Database;
  readonly records: Pick<Records, "note" | "record">;
  readonly log: Logger;
  readonly files: RefusedFiles;
}

/**
 * @param path - the directory file; `null`: Postgres alone says what is in the directory
 * @param deps - where it is stored, and where changes of the file go on record before they count
 * @returns the directory, followed
 * @throws YamlFileError when the file cannot be used
 */
export async function openDirectory(
  path: string | null,
  deps: DirectoryDeps,
): Promise<OpenedDirectory> {
  const { db, log } = deps;
  const stored = storedDirectory(db, log);
  const file = path === null ? null : await followFile(path, deps);
  const written = file === null ? null : { current: () => file.current().content };
  const directory = combinedDirectory(written, stored);
  const parts = [stored.part, ...(file === null ? [] : [reloadOnHangup("directory file", file)])];
  const changing = { db, directory, stored, isFromFile: file !== null, audit: recordAudit };
  return { directory, changing, services: serviceLogins(db, directory), parts };
}

interface Versioned {
  readonly content: Listed;
  readonly yaml: string;
}

async function followFile(
  path: string,
  { records, log, files }: DirectoryDeps,
): Promise<WatchedFile<Versioned>> {
  const noteFile = files.follow(path);
  const tell = ({ content: { users, apps, services, privileges } }: Versioned) => {
    const counts = [users, apps, services, privileges].map(({ length }) => length);
    const [userCount, appCount, serviceCount, privilegeCount] = counts;
    log.info({
      event: "directory.loaded",
      path,
      users: userCount,
      apps: appCount,
      services: serviceCount,
      privileges: privilegeCount,
    });
  };
  const file = await watchFile<Versioned>(path, {
    load: (yaml) => ({ content: parseDirectoryFile(path, yaml), yaml }),
    record: async (version) => {
      await records.record(directoryFact({ path, yaml: version.yaml }));
      tell(version);
    },
    onRefused: (faults) => {
      const message = `${path} is refused, the directory before it stays in force`;
      log.error({ event: "directory.refused", faults, message });
    },
    onOutcome: noteFile,
  });
  records.note(directoryFact({ path, yaml: file.current().yaml }));
  tell(file.current());
  return file;
}
