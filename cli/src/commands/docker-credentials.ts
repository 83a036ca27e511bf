import { z } from "zod";
import { parseUrl } from "../api/client.js";
import { readSettings } from "../config/settings.js";
import { CommandFault } from "../exit/faults.js";
import { loginFrom } from "../login/find-login.js";
import { TOKEN_USER } from "../login/login.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";

/** What docker writes to a helper that is to keep a login. */
const storedSchema = z.object({ ServerURL: z.string(), Username: z.string(), Secret: z.string() });
/** Docker takes these very words, and these alone, for "there is none". */
const NOT_FOUND = "credentials not found in native keychain";

/** `credential-helper`: what docker calls as `docker-credential-wharf`. */
export const addCredentialHelper: AddCommands = (program, run) => {
  const helper = program
    .command("credential-helper")
    .summary("what docker asks: docker-credential-wharf")
    .description(
      "Speaks with docker as docker-credential-wharf does: get, store, erase, list. Registries whose context has a command, " +
        "a service or a pipeline get a fresh token each time; others what docker gave it to keep, in a file of mode 0600.",
    );
  helper.addHelpText(
    "after",
    examples(
      "wharf login registry.example.org --pipeline --helper",
      "echo registry.example.org | wharf credential-helper get",
    ),
  );
  helper.command("get").action(run((shell) => answerGet(shell)));
  helper.command("store").action(
    run(async (shell) => {
      const given = storedSchema.safeParse(jsonOr(await shell.machine.readInput()));
      if (!given.success) throw new CommandFault("wanted ServerURL, Username and Secret as JSON");
      const { ServerURL, Username, Secret } = given.data;
      await shell.machine.own.store(hostOf(ServerURL), { user: Username, secret: Secret });
      return null;
    }),
  );
  helper.command("erase").action(
    run(async (shell) => {
      await shell.machine.own.erase(hostOf(await shell.machine.readInput()));
      return null;
    }),
  );
  helper.command("list").action(
    run((shell) => {
      shell.machine.terminal.out.write(`${JSON.stringify(shell.machine.own.list())}\n`);
      return null;
    }),
  );
};

async function answerGet(shell: Shell): Promise<null> {
  const asked = (await shell.machine.readInput()).trim();
  const host = hostOf(asked);
  const { contexts } = readSettings(shell.machine.settingsFile);
  const source = Object.values(contexts).find(({ url }) => new URL(url).host === host)?.login;
  const login =
    source === undefined || source.from === "docker"
      ? await shell.machine.own.get(host)
      : await loginFrom(source, shell.machine);
  if (login === null) {
    // On standard output: that is where docker looks for it.
    shell.machine.terminal.out.write(`${NOT_FOUND}\n`);
    process.exitCode = 1;
    return null;
  }
  const answer = { ServerURL: asked, Username: login.user ?? TOKEN_USER, Secret: login.secret };
  shell.machine.terminal.out.write(`${JSON.stringify(answer)}\n`);
  return null;
}

function hostOf(server: string): string {
  return new URL(parseUrl(server)).host;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
