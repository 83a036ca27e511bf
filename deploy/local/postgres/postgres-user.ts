import { readFile, stat } from "node:fs/promises";
import { LocalStackError } from "../errors.js";
import type { User } from "../processes/launch.js";
import { runProgram } from "../processes/run-program.js";

/**
 * Postgres refuses to run as root, so root starts it as somebody else.
 *
 * @param initdb - program that user has to be able to run, and which looks for all the others
 * @param folder - the cluster's folder; its owner, when it exists, is the user
 * @returns the user, or `null` when whoever runs this will do
 * @throws LocalStackError when no user can run the program
 */
export async function choosePostgresUser(initdb: string, folder: string): Promise<User | null> {
  const owner = await stat(folder).catch(() => null);
  const self = process.getuid?.() ?? 0;
  if (self !== 0) {
    if (owner !== null && owner.uid !== self)
      throw new LocalStackError(
        `${folder} belongs to user ${owner.uid}, not to you: start the stack as the user who made it, or set DATA_DIR to another folder`,
      );
    return null;
  }
  const user = owner !== null && owner.uid !== 0 ? owner : await unprivilegedUser();
  for (const reachesAll of [true, false]) {
    const candidate = { uid: user.uid, gid: user.gid, reachesAll };
    if (await canRun(initdb, candidate)) return candidate;
  }
  throw new LocalStackError(
    `Postgres does not run as root, and user ${user.uid} cannot run ${initdb}: start the stack as an ordinary user, or move the clone to a folder others can enter`,
  );
}

async function canRun(initdb: string, user: User): Promise<boolean> {
  const args = ["--show", "--pgdata", "/nonexistent"];
  const command = { file: initdb, args, env: {}, cwd: "/", user };
  return (await runProgram(command)).ok;
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const entry = lines.find(([user]) => user === name);
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new LocalStackError(
    "Postgres does not run as root, and there is neither a user postgres nor a user nobody",
  );
}
