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
      "Prints what the shell is to read, so that it completes commands, options and contexts.",
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
      run((shell, words) => {
        const found = candidates(program, words, (name) => valuesOf(shell, name));
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

function valuesOf(shell: Shell, name: string): readonly string[] {
  if (name === "--context" || name === "name")
    return Object.keys(readSettings(shell.machine.settingsFile).contexts);
  if (name === "shell") return SHELLS;
  if (name === "--output") return FORMS;
  if (name === "action") return ["pull", "push", "delete"];
  return [];
}
