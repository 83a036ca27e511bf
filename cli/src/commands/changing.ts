import { callAs } from "../api/described-answers.js";
import type { Client } from "../api/client.js";
import {
  inPath,
  manifestNameOf,
  tagOf,
  formatReference,
  type Reference,
} from "../api/reference.js";
import { UsageFault } from "../exit/faults.js";
import { lines, type Shown } from "../output/shown.js";
import { confirm } from "./ask.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";

interface SetOptions {
  readonly description?: string;
  readonly official?: boolean;
  readonly automated?: boolean;
}

/** `lock`, `delete` and `set`: what changes a tag, or is said of a repository. */
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
        const asked = { id: "tags.lock", method: "PUT", path, scope } as const;
        const value = await callAs(await shell.client(), asked);
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
    .option("--force <reason>", "although it is in use: for administrators, on record")
    .addHelpText(
      "after",
      examples(
        "wharf delete alpha/app:1.0-SNAPSHOT",
        "wharf delete alpha/app:pr-1 alpha/app:pr-2 --yes",
      ),
    )
    .action(
      run<{ yes?: boolean; force?: string }>(async (shell, words, { yes, force }) => {
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
          if (force !== undefined) await waive(client, reference, force);
          await client.ask(`/v2/${repository}/manifests/${manifestNameOf(reference)}`, {
            method: "DELETE",
            // Whoever may push there is told who uses it.
            scope: `repository:${repository}:pull,push,delete`,
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
  program
    .command("set <repository> [artifact]")
    .summary("say what a repository is")
    .description(
      "Says what a repository is, as lists and searches show it: its description is for whoever may push there, the flags are for administrators.",
    )
    .option("--description <text>", "what it is; an empty text takes it away")
    .option("--official", "it is official")
    .option("--no-official", "it is not")
    .option("--automated", "its images are made automatically")
    .option("--no-automated", "they are not")
    .addHelpText(
      "after",
      examples(
        'wharf set alpha/app --description "Our app"',
        "wharf set alpha/app --official --no-automated",
      ),
    )
    .action(run<SetOptions>((shell, words, options) => describeAs(shell, words, options)));
  for (const [verb, method, summary] of [
    ["star", "PUT", "give a repository your star"],
    ["unstar", "DELETE", "take your star back"],
  ] as const)
    program
      .command(`${verb} <repository> [artifact]`)
      .summary(summary)
      .description("Stars show in docker search and in lists: each who logs in has one to give.")
      .addHelpText("after", examples(`wharf ${verb} alpha/app`))
      .action(
        run(async (shell, words) => {
          const { repository } = shell.reference(words);
          const value = await callAs(await shell.client(), {
            ...{ id: `repositories.${verb}`, method },
            path: `/repositories/${inPath(repository)}/star`,
            scope: `repository:${repository}:pull`,
          });
          return lines(
            `${repository} has ${value.stars} star${value.stars === 1 ? "" : "s"}`,
            value,
          );
        }),
      );
};

/** Of a tag what it means is meant. */
async function waive(client: Client, reference: Reference, reason: string): Promise<void> {
  const { repository, tag } = reference;
  const path = `/repositories/${inPath(repository)}/tags/${tag}`;
  const digest = reference.digest ?? (await callAs(client, { id: "tags.describe", path })).digest;
  if (digest === null) return;
  const body = { repository, digest, reason };
  await callAs(client, { id: "in-use.waive", method: "POST", path: "/in-use/waivers", body });
}

async function describeAs(
  shell: Shell,
  words: readonly string[],
  { description, official, automated }: SetOptions,
): Promise<Shown> {
  const { repository } = shell.reference(words);
  const hasFlags = official !== undefined || automated !== undefined;
  if (description === undefined && !hasFlags)
    throw new UsageFault("say what is to be set", "as --description TEXT, --official");
  const client = await shell.client();
  const path = `/repositories/${inPath(repository)}`;
  const summary = { id: "repositories.summary", path: `${path}/summary` } as const;
  if (hasFlags) {
    const before = await callAs(client, summary);
    await callAs(client, {
      ...{ id: "repositories.set-flags", method: "PUT", path: `${path}/flags` },
      body: {
        official: official ?? before.official,
        automated: automated ?? before.automated,
      },
    });
  }
  if (description !== undefined)
    await callAs(client, {
      ...{ id: "repositories.set-description", method: "PUT", path: `${path}/description` },
      body: { description },
    });
  const value = await callAs(client, summary);
  return lines(`${repository} is described`, value);
}
