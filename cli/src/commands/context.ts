import { parseUrl } from "../api/client.js";
import { contextNamed, readSettings, writeSettings } from "../config/settings.js";
import { UsageFault } from "../exit/faults.js";
import { lines, type Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";

/** `context`: several registries by names of one's own. */
export const addContext: AddCommands = (program, run) => {
  const context = program
    .command("context")
    .summary("several registries: list, switch, add, remove")
    .description(
      "Registries by names of one's own. `wharf login` makes one; --context and WHARF_CONTEXT choose one for a command.",
    )
    .addHelpText(
      "after",
      examples(
        "wharf context list",
        "wharf context use staging",
        "wharf tags alpha/app --context production",
      ),
    );
  context
    .command("list")
    .alias("ls")
    .summary("all of them")
    .action(run((shell) => listed(shell)));
  context
    .command("show")
    .summary("which registry and whose login counts")
    .action(run((shell) => shownContext(shell)));
  context
    .command("use <name>")
    .summary("make it the current one")
    .action(
      run((shell, [name = ""]) => {
        const settings = readSettings(shell.machine.settingsFile);
        const { url } = contextNamed(settings, name);
        writeSettings(shell.machine.settingsFile, { ...settings, current: name });
        return lines(`${name} (${url}) is the current context`, { current: name, url });
      }),
    );
  context
    .command("add <name> <url>")
    .summary("name a registry, without a login")
    .action(
      run((shell, [name = "", text = ""]) => {
        if (!/^[A-Za-z0-9._:-]{1,100}$/.test(name))
          throw new UsageFault(`${JSON.stringify(name)} is no name for a context`);
        const settings = readSettings(shell.machine.settingsFile);
        const url = parseUrl(text);
        writeSettings(shell.machine.settingsFile, {
          current: settings.current ?? name,
          contexts: { ...settings.contexts, [name]: { url, login: { from: "docker" } } },
        });
        return lines(`${name} is ${url}`, { name, url });
      }),
    );
  context
    .command("remove <name>")
    .alias("rm")
    .summary("forget its name; its login stays")
    .action(
      run((shell, [name = ""]) => {
        const settings = readSettings(shell.machine.settingsFile);
        contextNamed(settings, name);
        const contexts = Object.fromEntries(
          Object.entries(settings.contexts).filter(([other]) => other !== name),
        );
        const current = settings.current === name ? null : settings.current;
        writeSettings(shell.machine.settingsFile, { current, contexts });
        return lines(`${name} is forgotten`, { removed: name });
      }),
    );
};

function listed(shell: Shell): Shown {
  const { current, contexts } = readSettings(shell.machine.settingsFile);
  const rows = Object.entries(contexts).map(([name, { url, login }]) => ({
    ...{ name, url, login: login.from, current: name === current },
  }));
  return {
    kind: "list",
    columns: [
      { key: "name", kind: "name" },
      { key: "url" },
      { key: "login", head: "login from" },
      { key: "current" },
    ],
    rows,
    empty: "no contexts: wharf login URL makes one",
  };
}

async function shownContext(shell: Shell): Promise<Shown> {
  const { url, contextName } = shell.target();
  const login = await shell.login();
  const value = {
    url,
    context: contextName,
    user: login === null ? null : (login.user ?? "(access token)"),
    loginFrom: login?.origin ?? null,
    settings: shell.machine.settingsFile,
  };
  return {
    kind: "record",
    fields: [
      ["registry", value.url],
      ["context", value.context],
      ["user", value.user],
      ["login from", value.loginFrom],
      ["settings", value.settings],
    ],
    value,
  };
}
