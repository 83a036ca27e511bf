import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { EXIT } from "../exit/exit-codes.js";
import { CommandFault, UsageFault } from "../exit/faults.js";
import type { Shown } from "../output/shown.js";
import type { Act, Shell } from "./shell.js";

const COMMAND = "deploy/local/commands/command.mjs";
/** What needs the installation's database and files, so is run where those are: in a checkout, and compiled. */
const PROGRAMS = {
  mode: [[COMMAND, "gateway/src/commands/mode/main.js"], "dist/gateway/src/commands/mode/main.js"],
  doctor: [
    [COMMAND, "gateway/src/commands/doctor/main.js"],
    "dist/gateway/src/commands/doctor/main.js",
  ],
  gc: [[COMMAND, "deploy/local/commands/collect-garbage.js"], null],
  discover: [
    [COMMAND, "gateway/src/commands/discover/main.js"],
    "dist/gateway/src/commands/discover/main.js",
  ],
  outbox: [
    [COMMAND, "gateway/src/commands/outbox/main.js"],
    "dist/gateway/src/commands/outbox/main.js",
  ],
  verify: [["deploy/local/commands/audit.mjs", "verify"], "dist/audit-log/src/commands/main.js"],
} as const;

/** Where it is, if that was said. */
export interface InstallationOption {
  readonly installation?: string;
}

/** @returns the command, which can be told where the installation is */
export function withInstallation(command: Command): Command {
  return command.option(
    "--installation <folder>",
    "where Wharfinger is; else the folder that wharf is in, else this one",
  );
}

/** @returns the command, which can be told who it is run by, too, where it changes something beside the installation */
export function withOperator(command: Command): Command {
  return withInstallation(command).option(
    "--by <name>",
    "beside the installation: who does this, for the audit log",
  );
}

/** What is asked over REST where a registry is named, and run beside the installation where none is, or the folder is said. */
export interface Twofold<Options> {
  readonly program: keyof typeof PROGRAMS;
  /** What it is told there, before the options. */
  readonly words: readonly string[];
  /** Asks the registry. */
  readonly ask: (shell: Shell, options: Options) => Promise<Shown>;
  /** Whether it can be told to show JSON there, too. */
  readonly isList?: boolean;
  /** Whether options were said that count there alone; absent: none do. */
  readonly staysBeside?: (options: Options) => boolean;
}

/**
 * @param what - both ways
 * @returns what the command does
 */
export function overRestOrBeside<Options extends InstallationOption>({
  program,
  words,
  ask,
  isList = false,
  staysBeside = () => false,
}: Twofold<Options>): Act<Options> {
  return (shell, _words, options) => {
    if (isAsked(shell, options) && !staysBeside(options)) return ask(shell, options);
    const json = isList && shell.globals.output === "json";
    return runBeside(shell, program, [...words, ...asWords({ ...options, json })], options);
  };
}

/** One is named, and no installation. */
function isAsked(shell: Shell, { installation }: InstallationOption): boolean {
  if (installation !== undefined) return false;
  try {
    shell.target();
    return true;
  } catch (error) {
    if (error instanceof UsageFault) return false;
    throw error;
  }
}

/**
 * Runs what `npm run` has by that name where the installation is, with its variables.
 *
 * @param shell - this machine
 * @param name - what is run
 * @param words - all that it is told
 * @param options - where the installation is; what its end with 1 is for whoever called this
 * @returns nothing to show: it has shown it itself
 */
export async function runBeside(
  shell: Shell,
  name: keyof typeof PROGRAMS,
  words: readonly string[],
  { installation, failsWith }: InstallationOption & { readonly failsWith?: number },
): Promise<null> {
  const root = rootOf(installation ?? null, shell.machine.env);
  const [[script, ...first], compiled] = PROGRAMS[name];
  const file = existsSync(join(root, script))
    ? [join(root, script), ...first]
    : compiledIn(root, compiled, first);
  const child = spawn(process.execPath, [...file, ...words], {
    ...{ cwd: root, stdio: "inherit", env: shell.machine.env },
  });
  const [code] = (await once(child, "close")) as [number | null];
  process.exitCode = code === 1 && failsWith !== undefined ? failsWith : (code ?? EXIT.ERROR);
  return null;
}

/**
 * @param options - as commander read them
 * @returns them as words again, for what is run beside the installation
 */
export function asWords(options: object): string[] {
  const said = Object.entries(options) as [string, string | number | boolean | undefined][];
  return said.flatMap(([name, value]) => {
    const option = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (name === "installation" || value === undefined || value === false) return [];
    return value === true ? [option] : [option, String(value)];
  });
}

function compiledIn(root: string, compiled: string | null, first: readonly string[]): string[] {
  if (compiled !== null && existsSync(join(root, compiled)))
    return [join(root, compiled), ...first];
  throw new CommandFault(`${root} has nothing compiled for that`, EXIT.ERROR, "npm run build");
}

function rootOf(installation: string | null, env: NodeJS.ProcessEnv): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const starts = installation === null ? [here, env["PWD"] ?? process.cwd()] : [installation];
  for (const start of starts)
    for (let folder = start; ; folder = dirname(folder)) {
      if (isRoot(folder)) return folder;
      if (installation !== null || folder === dirname(folder)) break;
    }
  throw new UsageFault(
    installation === null
      ? "Wharfinger is not installed here"
      : `${installation} is no installation of Wharfinger`,
    "run it beside the database, or say where: --installation FOLDER",
  );
}

function isRoot(folder: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name?: string;
    };
    return name === "wharfinger";
  } catch {
    return false;
  }
}
