import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { portPicker } from "#local/ports.js";
import { createPostgres } from "#local/postgres.js";

/**
 * @param folder - where it is made anew; `postgres.json` in there says how to log in
 * @param work - what needs it; it is stopped afterwards
 * @returns what `work` returned
 */
export async function withSharedPostgres<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const home = join(folder, "postgres");
  await rm(home, { recursive: true, force: true });
  const secrets = join(home, "secrets");
  await mkdir(secrets, { recursive: true });
  const { login, service } = await createPostgres(
    {
      folder: join(home, "cluster"),
      secrets,
      logFile: join(home, "log"),
      port: await portPicker().next(),
      settings: { fsync: "off", full_page_writes: "off", max_connections: "400" },
    },
    {
      say: () => undefined,
      started: () => Promise.resolve(),
      stopping: new AbortController().signal,
    },
  );
  await service.start();
  try {
    await writeFile(join(folder, "postgres.json"), JSON.stringify(login), { mode: 0o600 });
    return await work();
  } finally {
    await service.stop();
  }
}
