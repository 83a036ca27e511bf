import { inPath, manifestNameOf, tagOf, formatReference } from "../api/reference.js";
import { UsageFault } from "../exit/faults.js";
import { lines } from "../output/shown.js";
import { confirm } from "./ask.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";

/** `lock` and `delete`: what changes a tag. */
export const addChanging: AddCommands = (program, run) => {
  program
    .command("lock <reference> [artifact] [tag]")
    .summary("make a tag immutable for good")
    .description(
      "Makes a tag immutable for good, whatever its rule says now or later. There is no unlock.",
    )
    .option("-y, --yes", "without asking")
    .addHelpText(
      "after",
      examples("wharf lock alpha/app:stable", "wharf lock alpha app stable --yes"),
    )
    .action(
      run<{ yes?: boolean }>(async (shell, words, { yes }) => {
        const reference = shell.reference(words);
        const tag = tagOf(reference);
        const name = formatReference(reference);
        const { repository } = reference;
        if (!(await confirm(`lock ${name} for good`, yes === true)))
          return lines("nothing was done", null);
        const path = `/repositories/${inPath(repository)}/tags/${tag}/lock`;
        const scope = `repository:${repository}:pull,push`;
        const value = await (await shell.client()).call("PUT", path, undefined, scope);
        return lines(`${name} is locked`, value);
      }),
    );
  program
    .command("delete <references...>")
    .alias("rm")
    .summary("delete tags, or manifests by digest")
    .description(
      "Deletes tags; by digest a manifest that no tag needs. It takes deletion to be on, the right to delete, and a rule that " +
        "lets the tag go.",
    )
    .option("-y, --yes", "without asking")
    .addHelpText(
      "after",
      examples(
        "wharf delete alpha/app:1.0-SNAPSHOT",
        "wharf delete alpha/app:pr-1 alpha/app:pr-2 --yes",
      ),
    )
    .action(
      run<{ yes?: boolean }>(async (shell, words, { yes }) => {
        const references = words.map((word) => shell.reference([word]));
        const bare = references.find(({ tag, digest }) => tag === null && digest === null);
        if (bare !== undefined)
          throw new UsageFault(`name a tag or a digest: ${bare.repository}:TAG`);
        const names = references.map(formatReference);
        if (!(await confirm(`delete ${names.join(", ")}`, yes === true)))
          return lines("nothing was done", []);
        const client = await shell.client();
        for (const [i, reference] of references.entries()) {
          const { repository } = reference;
          await client.ask(`/v2/${repository}/manifests/${manifestNameOf(reference)}`, {
            method: "DELETE",
            scope: `repository:${repository}:pull,delete`,
          });
          // One after the other, so that it is known what is done when one is refused.
          shell.machine.terminal.err.write(`${names[i] ?? ""} is deleted\n`);
        }
        return {
          kind: "list",
          columns: [{ key: "deleted" }],
          rows: names.map((deleted) => ({ deleted })),
          value: names,
          empty: "",
        };
      }),
    );
};
