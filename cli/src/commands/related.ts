import type { ItemOf } from "../api/described-answers.js";
import { readItems } from "../api/pages.js";
import { inPath, manifestNameOf } from "../api/reference.js";
import type { Row } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { wholeNumber } from "./words.js";

const KINDS = [
  [
    "bases",
    "images on which one is built",
    "Images on which one is built: whose layers are its lowest ones, those with most first.",
    "it is built on none that is known here",
  ],
  [
    "built-on",
    "images that are built on one",
    "Images that are built on one: whose lowest layers are its layers, and that have more, the newest first.",
    "none that is known here is built on it",
  ],
] as const;

/** `bases` and `built-on`: images with lower layers in common. */
export const addRelated: AddCommands = (program, run) => {
  for (const [name, summary, description, empty] of KINDS)
    program
      .command(`${name} <reference> [artifact] [tag]`)
      .summary(summary)
      .description(`${description} In all repositories that the caller may pull.`)
      .option("--platform <platform>", "of an index; else linux/amd64, or the only one")
      .option("--limit <number>", "how many at most", wholeNumber("a number", 1_000_000, 1), 100)
      .addHelpText("after", examples(`wharf ${name} alpha/app:1.0`))
      .action(
        run<{ platform?: string; limit: number }>(async (shell, words, { platform, limit }) => {
          const reference = shell.reference(words);
          const path = `/repositories/${inPath(reference.repository)}/${name}`;
          const asked = { query: { of: manifestNameOf(reference), platform }, limit, page: 200 };
          const found = await readItems<"images.bases">(await shell.client(), path, asked);
          return {
            kind: "list",
            columns: [
              { key: "repository", kind: "name" },
              { key: "tags" },
              { key: "layers", kind: "number" },
              { key: "digest", kind: "digest" },
            ],
            rows: found.items.map(rowOf),
            ...{ value: found.items, empty, hasMore: found.hasMore },
          };
        }),
      );
};

function rowOf({ repository, digest, layers, tags }: ItemOf<"images.bases">): Row {
  return { repository, digest, layers, tags: tags.join(" ") };
}
