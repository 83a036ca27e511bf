import type { Command } from "commander";
import { z } from "zod";
import { createClient, parseUrl } from "../api/client.js";
import {
  readSettings,
  writeSettings,
  type LoginSource,
  type Settings,
} from "../config/settings.js";
import { CommandFault, ServerRefusal, UsageFault } from "../exit/faults.js";
import { EXIT } from "../exit/exit-codes.js";
import { OWN_HELPER } from "../login/docker-store.js";
import { loginFrom } from "../login/find-login.js";
import { basicOf, parseLogin, REFRESH_TOKEN_USER, TOKEN_USER, type Login } from "../login/login.js";
import { pipelineOf, USUAL_AUDIENCE } from "../login/pipeline-token.js";
import { hasServiceCredentials } from "../login/service-token.js";
import { lines } from "../output/shown.js";
import { askHidden } from "./ask.js";
import { examples } from "./examples.js";
import type { AddCommands, Run, Shell } from "./shell.js";

interface LoginOptions {
  readonly user?: string;
  readonly tokenCommand?: string;
  readonly service?: boolean;
  readonly pipeline?: boolean;
  readonly audience: string;
  readonly as?: string;
  readonly keepToken?: boolean;
  readonly helper?: boolean;
}

const answerSchema = z.object({ token: z.string(), refresh_token: z.string().optional() });

/** `login` and `logout`. */
export const addLogin: AddCommands = (program, run) => {
  loginCommand(program, run);
  program
    .command("logout [url]")
    .summary("forget a login")
    .description("Forgets the login of a registry, where docker keeps it, and its context.")
    .option("--keep-context", "forget the login alone")
    .addHelpText("after", examples("wharf logout", "wharf logout registry.example.org"))
    .action(
      run<{ keepContext?: boolean }>(async (shell, [url], { keepContext }) => {
        const target = url === undefined ? shell.target() : { url: parseUrl(url) };
        const { host } = new URL(target.url);
        const had = await shell.machine.docker.erase(host);
        shell.machine.docker.useHelper(host, null);
        if (keepContext !== true) forgetContextsOf(shell, target.url);
        const said = had ? `the login for ${host} is forgotten` : `there was no login for ${host}`;
        return lines(said, { host, forgotten: had });
      }),
    );
};

function loginCommand(program: Command, run: Run): void {
  program
    .command("login [url]")
    .summary("log in to a registry, for wharf and docker alike")
    .description(
      "Checks a login, keeps it where docker keeps logins (credsStore, credHelpers, else config.json), and makes the " +
        "registry the current context. The token comes from --token-file, WHARF_TOKEN, standard input, a command, a " +
        "service's credentials or the pipeline's job; else it is asked for. It never stands on the command line.",
    )
    .option(
      "-u, --user <name>",
      "user name that the secret belongs to; a bare access token has none",
    )
    .option(
      "--token-command <command>",
      "command line that prints a token, run again whenever one is needed",
    )
    .option(
      "--service",
      "by OAUTH2_ACCESS_TOKEN_URL and CREDENTIALS_DIR, again whenever one is needed",
    )
    .option("--pipeline", "by the job's own token (GitHub Actions, GitLab CI)")
    .option("--audience <name>", "who a job's token is for", USUAL_AUDIENCE)
    .option("--as <context>", "name of the context; else the host's")
    .option("--keep-token", "keep what was shown, not a refresh token made of it")
    .option("--helper", "have docker ask docker-credential-wharf, each time")
    .addHelpText(
      "after",
      examples(
        "wharf login https://registry.example.org",
        "wharf login registry.example.org -u ldap-name",
        "wharf login registry.example.org --token-file token",
        "wharf login registry.example.org --token-command 'ztoken token' --helper",
        "wharf login registry.example.org --pipeline",
      ),
    )
    .action(run<LoginOptions>(logIn));
}

async function logIn(shell: Shell, [given]: readonly string[], options: LoginOptions) {
  const url = given === undefined ? shell.target().url : parseUrl(given);
  const { host } = new URL(url);
  const { login, source } = await shownLogin(shell, host, options);
  const { refreshToken } = await verified(shell, url, login, options);
  if (options.helper === true) shell.machine.docker.useHelper(host, OWN_HELPER);
  const kept =
    refreshToken === null || options.keepToken === true
      ? { user: login.user ?? TOKEN_USER, secret: login.secret }
      : { user: REFRESH_TOKEN_USER, secret: refreshToken };
  // What is asked again each time needs no copy, unless docker is to find one.
  const renews = source.from !== "docker" && options.helper === true;
  const where = renews
    ? "nowhere: it is asked for each time"
    : await shell.machine.docker.store(host, kept);
  const name = options.as ?? host;
  const settings = readSettings(shell.machine.settingsFile);
  writeSettings(shell.machine.settingsFile, {
    current: name,
    contexts: { ...settings.contexts, [name]: { url, login: source } },
  });
  return lines(`logged in to ${host}; the login is kept: ${where}; context ${name}`, {
    ...{ url, host, context: name, kept: where },
  });
}

async function shownLogin(
  shell: Shell,
  host: string,
  options: LoginOptions,
): Promise<{ readonly login: Login; readonly source: LoginSource }> {
  const user = options.user ?? "";
  const file = shell.globals.tokenFile;
  const given = [file, options.tokenCommand, options.service, options.pipeline];
  if (given.filter((one) => one !== undefined).length > 1)
    throw new UsageFault("--token-file, --token-command, --service, --pipeline: only one of them");
  const from = async (source: Exclude<LoginSource, { from: "docker" }>, isKept = true) => ({
    login: await loginFrom(source, shell.machine),
    source: isKept ? source : ({ from: "docker" } as const),
  });
  const audience = options.audience;
  if (file !== undefined) return from({ from: "file", file, user }, false);
  if (options.tokenCommand !== undefined)
    return from({ from: "command", command: options.tokenCommand, user });
  if (options.service === true) return from({ from: "service" });
  if (options.pipeline === true) return from({ from: "pipeline", audience });
  const said = parseLogin(shell.machine.env["WHARF_TOKEN"] ?? "", "WHARF_TOKEN");
  if (said !== null) return { login: said, source: { from: "docker" } };
  if (hasServiceCredentials(shell.machine.env)) return from({ from: "service" });
  if (pipelineOf(shell.machine.env) !== null) return from({ from: "pipeline", audience });
  return { login: await askedLogin(shell, host, options.user), source: { from: "docker" } };
}

async function askedLogin(shell: Shell, host: string, user: string | undefined): Promise<Login> {
  const what = user === undefined ? `Access token for ${host}` : `Password of ${user} at ${host}`;
  const secret = (
    process.stdin.isTTY ? await askHidden(what) : await shell.machine.readInput()
  ).trim();
  if (secret === "") throw new UsageFault("no token was given");
  return user === undefined
    ? { user: null, secret, origin: "as typed" }
    : { user, secret, origin: "as typed" };
}

async function verified(
  shell: Shell,
  url: string,
  login: Login,
  options: LoginOptions,
): Promise<{ readonly refreshToken: string | null }> {
  const client = createClient({ url, credentials: null, agent: `wharf/${shell.machine.version}` });
  const query = new URLSearchParams({
    ...{ service: "wharfinger", client_id: "wharf", account: login.user ?? TOKEN_USER },
    ...(options.keepToken === true ? {} : { offline_token: "true" }),
  });
  // A bare token may be of any kind that the registry knows; Basic says the same as Bearer there.
  const answer = await client
    .ask(`/token?${query.toString()}`, { headers: { Authorization: basicOf(login) } })
    .catch((error: unknown) => {
      if (error instanceof ServerRefusal && error.status === 401)
        throw new CommandFault(`${url} does not take this login: ${error.message}`, EXIT.DENIED);
      throw error;
    });
  const parsed = answerSchema.safeParse(await answer.json().catch(() => null));
  if (!parsed.success) throw new CommandFault(`${url} gives no token: is it a Wharfinger?`);
  return { refreshToken: parsed.data.refresh_token ?? null };
}

function forgetContextsOf(shell: Shell, url: string): void {
  const settings = readSettings(shell.machine.settingsFile);
  const contexts = Object.fromEntries(
    Object.entries(settings.contexts).filter(([, context]) => context.url !== url),
  );
  const { current } = settings;
  const next: Settings = {
    contexts,
    current: current !== null && Object.hasOwn(contexts, current) ? current : null,
  };
  if (Object.keys(contexts).length !== Object.keys(settings.contexts).length)
    writeSettings(shell.machine.settingsFile, next);
}
