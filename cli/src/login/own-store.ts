import { join } from "node:path";
import { z } from "zod";
import { CommandFault } from "../exit/faults.js";
import { readJsonFile, writePrivateJson } from "../config/private-file.js";
import type { HelperProgram } from "./helper-program.js";

const storeSchema = z.record(z.string(), z.strictObject({ user: z.string(), secret: z.string() }));

/** Logins that `docker-credential-wharf` was given to keep: a file that its owner alone may read. */
export interface OwnStore extends HelperProgram {
  /** @returns user names by host */
  list(): Readonly<Record<string, string>>;
}

/**
 * @param folder - of wharf's settings
 * @returns the store
 */
export function ownStore(folder: string): OwnStore {
  const file = join(folder, "credentials.json");
  const read = () => {
    const parsed = storeSchema.safeParse(readJsonFile(file) ?? {});
    if (!parsed.success)
      throw new CommandFault(`${file} is not of its form: remove it, log in again`);
    return new Map(Object.entries(parsed.data));
  };
  return {
    get: (host) => Promise.resolve(read().get(host) ?? null),
    store: (host, login) => {
      writePrivateJson(file, Object.fromEntries(read().set(host, login)));
      return Promise.resolve();
    },
    erase: (host) => {
      const logins = read();
      if (logins.delete(host)) writePrivateJson(file, Object.fromEntries(logins));
      return Promise.resolve();
    },
    list: () => Object.fromEntries([...read()].map(([host, { user }]) => [host, user])),
  };
}
