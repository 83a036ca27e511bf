import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { portPicker } from "#local/processes/ports.js";
import { forgetDeadPostmaster } from "#local/postgres/postgres-cluster.js";
import { createPostgres, withClient, type EmbeddedPostgres } from "#local/postgres/postgres.js";
import { identityOf } from "#local/processes/process-identity.js";
import { waitUntil } from "#local/processes/wait.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { quietly } from "#tests/support/service-context.js";

let folder: TemporaryFolder;
let running: EmbeddedPostgres | null = null;
const said: string[] = [];
const ports = portPicker();

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder.path, "secrets"));
});
afterEach(async () => {
  await running?.service.stop();
  running = null;
});
afterAll(() => folder.remove());

async function start(): Promise<EmbeddedPostgres> {
  const { path } = folder;
  running = await createPostgres(
    {
      folder: join(path, "postgres"),
      secrets: join(path, "secrets"),
      logFile: join(path, "postgres.log"),
      port: await ports.next(),
    },
    { ...quietly(), say: (line) => said.push(line) },
  );
  await running.service.start();
  return running;
}

async function postmasterPid(): Promise<number> {
  const text = await readFile(join(folder.path, "postgres", "data", "postmaster.pid"), "utf8");
  return Number(text.split("\n")[0]);
}

async function query(postgres: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  return withClient(postgres.login, async (client) => (await client.query<object>(sql)).rows);
}

describe("the embedded Postgres", () => {
  test("keeps data and password from one start to the next, and stops without a trace", async () => {
    const first = await start();
    await query(first, "create table kept as select 1 as answer");
    const pid = await postmasterPid();
    await first.service.stop();
    expect(await identityOf(pid)).toBeNull();
    const second = await start();
    expect(second.login.password).toBe(first.login.password);
    expect(await query(second, "select answer from kept")).toEqual([{ answer: 1 }]);
  });

  test("listens on this machine alone and wants the password", async () => {
    const postgres = await start();
    expect(await query(postgres, "show listen_addresses")).toEqual([
      { listen_addresses: "127.0.0.1" },
    ]);
    expect(await query(postgres, "show unix_socket_directories")).toEqual([
      { unix_socket_directories: "" },
    ]);
    expect(await query(postgres, "show fsync")).toEqual([{ fsync: "on" }]);
    const stranger = { ...postgres.login, password: randomBytes(8).toString("hex") };
    await expect(withClient(stranger, () => Promise.resolve())).rejects.toThrow("password");
  });

  test("comes back on the same port with everything committed when it is killed", async () => {
    const postgres = await start();
    await query(postgres, "create table survived as select 2 as answer");
    process.kill(await postmasterPid(), "SIGKILL");
    const isBack = () => said.includes("postgres is back");
    expect(await waitUntil(isBack, { withinMs: 30_000 })).toBe(true);
    expect(await query(postgres, "select answer from survived")).toEqual([{ answer: 2 }]);
  });

  test("starts although its lock file names a process that is dead and not reaped, or somebody else's", async () => {
    const first = await start();
    await query(first, "create table left_behind as select 3 as answer");
    const lockFile = join(folder.path, "postgres", "data", "postmaster.pid");
    const left = await readFile(lockFile, "utf8");
    await first.service.stop();
    // A shell would reap its child; the program that takes its place never does.
    const untilReplaced =
      "(until grep -q sleep /proc/$$/comm; do :; done) & echo $!; exec sleep 60";
    const parent = spawn("sh", ["-c", untilReplaced], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const zombie = Number(line.toString());
    try {
      expect(await waitUntil(async () => (await stateOf(zombie)) === "Z", { withinMs: 30_000 })).toBe(true); // prettier-ignore
      for (const pid of [zombie, parent.pid ?? 0]) {
        await writeFile(lockFile, left.replace(/^\d+/, String(pid)));
        const next = await start();
        expect(await query(next, "select answer from left_behind")).toEqual([{ answer: 3 }]);
        await next.service.stop();
      }
    } finally {
      parent.kill("SIGKILL");
    }
  });

  test("that still runs is not started a second time", async () => {
    await start();
    const pid = await postmasterPid();
    await forgetDeadPostmaster(join(folder.path, "postgres", "data"));
    expect(await postmasterPid()).toBe(pid);
  });
});

async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
}
