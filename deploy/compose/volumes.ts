import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createOnce } from "#service-kit/signing/create-once.js";
import type { OperatorFolders } from "#service-kit/signing/operator-folders.js";

/** Folders below the one that docker-compose mounts volumes in. */
export interface Volumes {
  readonly keys: OperatorFolders;
  /** What the gateway alone is given: keys and secrets. */
  readonly gateway: string;
  readonly tokenServer: string;
  /** Passwords of the database's roles, by who is given them. */
  readonly database: {
    readonly operator: string;
    readonly gateway: string;
    readonly tokenServer: string;
  };
  /** The registry's configuration. */
  readonly registry: string;
  /** What no service is given. */
  readonly operatorSecrets: string;
}

/**
 * @param root - folder in which the volumes are mounted
 * @returns where things are
 */
export function volumesBelow(root: string): Volumes {
  const keys = join(root, "private");
  const database = join(root, "database");
  return {
    keys: { authority: join(root, "operator", "authority"), keys, trust: join(root, "trust") },
    gateway: join(keys, "gateway"),
    tokenServer: join(keys, "token-server"),
    database: {
      operator: join(database, "operator"),
      gateway: join(database, "gateway"),
      tokenServer: join(database, "token-server"),
    },
    registry: join(root, "registry"),
    operatorSecrets: join(root, "operator", "secrets"),
  };
}

/**
 * @param folder - folder of somebody's secrets, made when missing
 * @param name - which one
 * @returns its file; made at the first call and the same ever after
 */
export async function secretFor(folder: string, name: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  await createOnce(file, 0o600, () => Promise.resolve(randomBytes(32).toString("hex")));
  return file;
}
