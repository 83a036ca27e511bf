import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import { portPicker } from "#local/processes/ports.js";
import { waitUntil } from "#local/processes/wait.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { connectWritable } from "#service-kit/db/servers.js";

/** A PgBouncer in front of a database. */
export interface PgBouncer {
  /** The database behind it. */
  readonly config: DatabaseConfig;
  stop(): Promise<void>;
}

/** How it shares connections, and which settings of a login it passes over. */
export interface PgBouncerOptions {
  readonly mode: "session" | "transaction";
  readonly ignoring: string;
}

/**
 * @param found - the package
 * @param folder - for its configuration
 * @param config - the database that it stands in front of
 * @param options - how
 * @returns it, taking connections
 */
export async function startPgBouncer(
  found: UnpackedPackage,
  folder: string,
  config: DatabaseConfig,
  { mode, ignoring }: PgBouncerOptions,
): Promise<PgBouncer> {
  const port = await portPicker().next();
  const file = join(folder, `${mode}-${port}.ini`);
  const password = config.password.reveal();
  await writeFile(
    file,
    `[databases]
* = host=${config.host} port=${config.port} user=${config.user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
ignore_startup_parameters = ${ignoring}
`,
  );
  await chmod(folder, 0o755);
  await chmod(file, 0o644);
  // It does not run as root.
  const asOther = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(join(found.root, "usr/sbin/pgbouncer"), [file], {
    env: found.env,
    stdio: "ignore",
    ...asOther,
  });
  const ended = once(child, "exit");
  const before = { ...config, port };
  if (!(await waitUntil(() => isOpen(before), { withinMs: 20_000 })))
    throw new Error("PgBouncer takes no connections");
  return {
    config: before,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A login that it refuses for what it sets is an answer, too. */
async function isOpen(config: DatabaseConfig): Promise<boolean> {
  try {
    const client = await connectWritable(config, {}, () => undefined);
    await client.end();
    return true;
  } catch (error) {
    return !String(error).includes("ECONNREFUSED");
  }
}
