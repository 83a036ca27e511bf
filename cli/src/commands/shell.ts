import type { Command } from "commander";
import { createClient, parseUrl, type Client } from "../api/client.js";
import { parseReference, type Reference } from "../api/reference.js";
import { contextNamed, readSettings, type Context, type Settings } from "../config/settings.js";
import { UsageFault } from "../exit/faults.js";
import type { DockerStore } from "../login/docker-store.js";
import { findLogin } from "../login/find-login.js";
import { authorizationOf, basicOf, type Login } from "../login/login.js";
import type { OwnStore } from "../login/own-store.js";
import { openPage } from "./browser.js";
import type { Form, Shown } from "../output/shown.js";
import { print } from "../output/print.js";
import type { Terminal } from "../output/terminal.js";

/** What the gateway shows to a browser. */
const PAGE = "/ui/";

/** What every command can be told. */
export interface Globals {
  readonly output?: Form;
  readonly context?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly web?: boolean;
  readonly verbose?: boolean;
}

/** Where things are on this machine. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: string;
  readonly terminal: Terminal;
  readonly settingsFile: string;
  readonly docker: DockerStore;
  readonly own: OwnStore;
  readonly readInput: () => Promise<string>;
  readonly version: string;
}

/** Which registry is asked, and by which context. */
export interface Target {
  readonly url: string;
  readonly contextName: string | null;
  readonly context: Context | null;
}

/** What a command works with. */
export interface Shell {
  readonly machine: Surroundings;
  readonly globals: Globals;
  /** @returns which registry is asked. @throws UsageFault when none is named */
  target(): Target;
  /** @returns the login that counts there, `null` when there is none */
  login(): Promise<Login | null>;
  /** @returns a client of that registry */
  client(): Promise<Client>;
  /** @returns another one: a login that is asked for again each time, and has ended since, is asked for again */
  connect(): Promise<Client>;
  /** @returns what the words name there */
  reference(words: readonly string[]): Reference;
}

/** What a command does: with its words and options it returns what is shown, `null` when it has shown it itself. */
export type Act<Options> = (
  shell: Shell,
  words: readonly string[],
  options: Options,
) => Promise<Shown | null> | Shown | null;

/** Makes of what a command does what commander calls. */
export type Run = <Options extends object>(
  act: Act<Options>,
) => (...given: unknown[]) => Promise<void>;

/** Adds commands to a program. */
export type AddCommands = (program: Command, run: Run) => void;

/**
 * @param surroundings - this machine
 * @param globals - what was said to all commands
 * @returns what a command works with
 */
function shellOf(surroundings: Surroundings, globals: Globals): Shell {
  const { env, docker, readInput, terminal } = surroundings;
  let settings: Settings | null = null;
  let client: Promise<Client> | null = null;
  const target = (): Target =>
    targetOf((settings ??= readSettings(surroundings.settingsFile)), globals, env);
  const login = (): Promise<Login | null> => {
    const { url, context } = target();
    const tokenFile = globals.tokenFile ?? null;
    return findLogin(
      { env, docker, readInput },
      { host: new URL(url).host, tokenFile, source: context?.login ?? null },
    );
  };
  const connect = async (): Promise<Client> => {
    const { url } = target();
    const found = await login();
    const trace = (line: string) => {
      terminal.err.write(`${line}\n`);
    };
    return createClient({
      url,
      credentials:
        found === null ? null : { authorization: authorizationOf(found), basic: basicOf(found) },
      agent: `wharf/${surroundings.version}`,
      ...(globals.verbose === true ? { trace } : {}),
    });
  };
  return {
    machine: surroundings,
    globals,
    target,
    login,
    client: () => (client ??= connect()),
    connect,
    reference: (words) => parseReference(words, new URL(target().url).host),
  };
}

/**
 * @param surroundings - this machine
 * @returns what runs a command and prints what it shows
 */
export function runIn(surroundings: Surroundings): Run {
  return (act) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const shell = shellOf(surroundings, command.optsWithGlobals<Globals>());
      if (shell.globals.web === true) {
        openPage(`${shell.target().url}${PAGE}`, surroundings);
        return;
      }
      const shown = await act(shell, command.args, command.opts());
      if (shown !== null) print(surroundings.terminal, shown, shell.globals.output ?? null);
    };
}

/**
 * @param settings - contexts
 * @param globals - what was said
 * @param env - `WHARF_URL`, `WHARF_CONTEXT`
 * @returns `--url`, `--context`, `WHARF_URL`, `WHARF_CONTEXT`, the current context: the first that there is
 * @throws UsageFault when there is none
 */
function targetOf(
  settings: Settings,
  globals: Globals,
  env: Readonly<Record<string, string | undefined>>,
): Target {
  const ofUrl = (text: string): Target => {
    const url = parseUrl(text);
    const known = Object.entries(settings.contexts).find(([, context]) => context.url === url);
    return { url, contextName: known?.[0] ?? null, context: known?.[1] ?? null };
  };
  const ofName = (name: string): Target => {
    const context = contextNamed(settings, name);
    return { url: parseUrl(context.url), contextName: name, context };
  };
  if (globals.url !== undefined) return ofUrl(globals.url);
  if (globals.context !== undefined) return ofName(globals.context);
  if (env["WHARF_URL"]) return ofUrl(env["WHARF_URL"]);
  const name = env["WHARF_CONTEXT"] || settings.current;
  if (name) return ofName(name);
  throw new UsageFault(
    "no gateway: give --url or set WHARF_URL",
    "or log in, which remembers it: wharf login https://registry.example.org",
  );
}
