import { readFileSync } from "node:fs";
import { CommandFault } from "../exit/faults.js";
import type { Environment } from "../config/places.js";
import type { LoginSource } from "../config/settings.js";
import type { DockerStore } from "./docker-store.js";
import { parseLogin, type Login } from "./login.js";
import { pipelineLogin, pipelineOf, USUAL_AUDIENCE } from "./pipeline-token.js";
import { hasServiceCredentials, serviceLogin } from "./service-token.js";
import { loginOfCommand } from "./token-command.js";

/** What looking for a login needs. */
export interface FindLoginDeps {
  readonly env: Environment;
  readonly docker: DockerStore;
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<string>;
}

/** For what, and what was said about it. */
export interface AskedLogin {
  readonly host: string;
  /** `--token-file`; `-` is standard input. */
  readonly tokenFile: string | null;
  /** Of the context, if there is one for that host. */
  readonly source: LoginSource | null;
}

/**
 * The first that there is: `--token-file`, `WHARF_TOKEN`, where the context says, docker's store, a service's credentials
 * in the environment, the job's own token in a pipeline.
 *
 * @param deps - where logins are
 * @param asked - for which host
 * @returns the login; `null` when there is none, which is an anonymous caller
 * @throws CommandFault when one is named and cannot be had
 */
export async function findLogin(deps: FindLoginDeps, asked: AskedLogin): Promise<Login | null> {
  const { env, docker } = deps;
  if (asked.tokenFile !== null) return loginInFile(asked.tokenFile, null, deps);
  const said = parseLogin(env["WHARF_TOKEN"] ?? "", "WHARF_TOKEN");
  if (said !== null) return said;
  if (asked.source !== null && asked.source.from !== "docker") return loginFrom(asked.source, deps);
  const kept = await docker.get(asked.host);
  if (kept !== null) return kept;
  if (hasServiceCredentials(env)) return serviceLogin(env);
  return pipelineOf(env) === null ? null : pipelineLogin(env, USUAL_AUDIENCE);
}

/**
 * @param source - where a login comes from
 * @param deps - where logins are
 * @returns the login
 * @throws CommandFault when it cannot be had
 */
export function loginFrom(
  source: Exclude<LoginSource, { from: "docker" }>,
  deps: Pick<FindLoginDeps, "env" | "readInput">,
): Promise<Login> {
  switch (source.from) {
    case "file":
      return loginInFile(source.file, source.user, deps);
    case "command":
      return loginOfCommand(source.command, deps.env).then((login) => asUser(login, source.user));
    case "service":
      return serviceLogin(deps.env);
    case "pipeline":
      return pipelineLogin(deps.env, source.audience);
  }
}

async function loginInFile(
  file: string,
  user: string | null,
  { readInput }: Pick<FindLoginDeps, "readInput">,
): Promise<Login> {
  const text = file === "-" ? await readInput() : readText(file);
  const login = parseLogin(text, file === "-" ? "standard input" : file);
  if (login === null)
    throw new CommandFault(`there is no token in ${file === "-" ? "standard input" : file}`);
  return user === null ? login : asUser(login, user);
}

function asUser(login: Login, user: string): Login {
  return login.user === null && user !== "" ? { ...login, user } : login;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandFault(
      `--token-file: ${error instanceof Error ? error.message : "cannot be read"}`,
    );
  }
}
