import { callAs } from "../api/described-answers.js";
import { readItems } from "../api/pages.js";
import { inPath } from "../api/reference.js";
import { candidates } from "../completion/candidates.js";
import { SCRIPTS, SHELLS } from "../completion/scripts.js";
import { readSettings } from "../config/settings.js";
import { UsageFault } from "../exit/faults.js";
import { FORMS } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";

/** `completion`, and what the shells ask with it. */
export const addCompletion: AddCommands = (program, run) => {
  program
    .command("completion <shell>")
    .summary(`completion of words in ${SHELLS.join(", ")}`)
    .description(
      "Prints what the shell is to read, so that it completes commands, options, contexts, repositories and tags.",
    )
    .addHelpText(
      "after",
      examples(
        "source <(wharf completion bash)",
        "source <(wharf completion zsh)",
        "wharf completion fish | source",
      ),
    )
    .action(
      run((shell, [name = ""]) => {
        const known = SHELLS.find((one) => one === name);
        if (known === undefined) throw new UsageFault(`wanted one of ${SHELLS.join(", ")}`);
        shell.machine.terminal.out.write(`${SCRIPTS[known]}\n`);
        return null;
      }),
    );
  program
    .command("__complete [words...]", { hidden: true })
    .allowUnknownOption()
    .action(
      run(async (shell, words) => {
        const found = await candidates(program, words, (name, typed) =>
          valuesOf(shell, { name, typed }),
        );
        const text = found.map(
          ({ word, description }) => `${word}\t${description.split("\n")[0] ?? ""}`,
        );
        return text.length === 0 ? null : write(shell, text);
      }),
    );
};

function write(shell: Shell, text: readonly string[]): null {
  shell.machine.terminal.out.write(`${text.join("\n")}\n`);
  return null;
}

async function valuesOf(
  shell: Shell,
  { name, typed }: { readonly name: string; readonly typed: string },
): Promise<readonly string[]> {
  if (name === "--context" || name === "name")
    return Object.keys(readSettings(shell.machine.settingsFile).contexts);
  if (name === "shell") return SHELLS;
  if (name === "--output") return FORMS;
  if (name === "action") return ["pull", "push", "delete"];
  // Whoever types waits for it: what does not come at once is not named.
  return Promise.race([namesOf(shell, name, typed).catch(() => []), nothingAfterAWhile()]);
}

async function namesOf(shell: Shell, name: string, typed: string): Promise<readonly string[]> {
  const client = await shell.client();
  if (name === "team" || name === "--team")
    return (await callAs(client, { id: "teams.list", path: "/teams" })).items.map(
      (one) => one.team,
    );
  if (!REFERENCES.includes(name)) return [];
  const colon = typed.indexOf(":");
  if (colon === -1 || name === "repository") {
    const asked = { query: { text: typed || undefined }, limit: MOST_NAMED };
    const { items } = await readItems<"repositories.list">(client, "/repositories", asked);
    return items.map((repository) => repository.name);
  }
  const repository = typed.slice(0, colon);
  const path = `/repositories/${inPath(repository)}/tags`;
  const asked = { query: {}, limit: MOST_NAMED };
  const { items } = await readItems<"tags.list">(client, path, asked);
  return items.map((tag) => `${repository}:${tag.name}`);
}

function nothingAfterAWhile(): Promise<readonly string[]> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve([]);
    }, PATIENCE_MILLISECONDS).unref();
  });
}

/** Arguments that name a repository, and may go on with a tag. */
const REFERENCES = ["reference", "references", "repository", "before", "after"];
const MOST_NAMED = 100;
const PATIENCE_MILLISECONDS = 1_500;
