import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A program to run. */
export interface Command {
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Whom to run as; absent: whoever runs this. */
  user?: User;
}

/** A user of the machine, by number. */
export interface User {
  uid: number;
  gid: number;
  /** Whether the user may reach files below folders that only root can enter. */
  reachesAll: boolean;
}

/** What `child_process.spawn` is called with. */
export interface Launch {
  file: string;
  args: string[];
  options: { env: NodeJS.ProcessEnv; cwd?: string; uid?: number; gid?: number };
}

/**
 * @param command - what to run
 * @param deathSignal - sent by the kernel when the process that started the program dies, however it dies
 * @param setpriv - path of Debian's program that arranges this; without it there is no such signal
 * @returns how to spawn it
 */
export function launchOf(
  command: Command,
  deathSignal: NodeJS.Signals,
  setpriv: string | null = findOnPath("setpriv"),
): Launch {
  const { file, args, env, cwd, user } = command;
  const options = { env, ...(cwd === undefined ? {} : { cwd }) };
  if (setpriv === null)
    return {
      file,
      args: [...args],
      options: user === undefined ? options : { ...options, uid: user.uid, gid: user.gid },
    };
  // One call for all: changing the user afterwards would clear the death signal.
  const privileges = [
    "--pdeathsig",
    deathSignal,
    ...(user === undefined ? [] : userArguments(user)),
  ];
  return { file: setpriv, args: [...privileges, "--", file, ...args], options };
}

/**
 * @param program - name without folders
 * @param path - folders to look in
 * @returns path of the first executable of that name, or `null`
 */
export function findOnPath(program: string, path = process.env["PATH"] ?? ""): string | null {
  for (const folder of path.split(delimiter).filter((entry) => entry !== "")) {
    const file = join(folder, program);
    if (isExecutable(file)) return file;
  }
  return null;
}

/**
 * @param file - a path
 * @returns whether the file can be executed by whoever runs this
 */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function userArguments({ uid, gid, reachesAll }: User): string[] {
  const user = ["--reuid", String(uid), "--regid", String(gid), "--clear-groups"];
  if (!reachesAll) return user;
  // The secure bit makes access(2), by which initdb looks for its files, count the capability too.
  const capability = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"];
  return [...user, "--securebits", "+no_setuid_fixup", ...capability];
}
