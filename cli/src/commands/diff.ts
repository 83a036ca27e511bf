import { callAs, withQuery } from "../api/described-answers.js";
import { formatReference, inPath, manifestNameOf, type Reference } from "../api/reference.js";
import type { Row, Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";

/** `diff`: two tags, or digests. */
export const addDiff: AddCommands = (program, run) => {
  program
    .command("diff <before> <after>")
    .summary("what differs between two tags")
    .description(
      "What differs between two images: platforms, configuration, environment, labels, annotations, layers. The second may be a " +
        "tag alone, of the same repository.",
    )
    .option(
      "--platform <platform>",
      "image of indexes that is compared; else that for linux/amd64, or the only one",
    )
    .addHelpText(
      "after",
      examples(
        "wharf diff alpha/app:1.0 1.1",
        "wharf diff alpha/app:1.0 beta/app:1.0 --platform linux/arm64 -o json",
      ),
    )
    .action(
      run<{ platform?: string }>((shell, [first = "", second = ""], { platform }) => {
        const before = shell.reference([first]);
        const after = secondOf(shell, second, before);
        return difference(shell, { before, after }, platform);
      }),
    );
};

/** A word without a slash is a tag of the same repository. */
function secondOf(shell: Shell, word: string, before: Reference): Reference {
  if (word.includes("/")) return shell.reference([word]);
  const isDigest = /^@?sha\d+:/.test(word);
  return shell.reference([
    `${before.repository}${isDigest ? "@" : ":"}${word.replace(/^[@:]/, "")}`,
  ]);
}

async function difference(
  shell: Shell,
  asked: { readonly before: Reference; readonly after: Reference },
  platform: string | undefined,
): Promise<Shown> {
  const { repository } = asked.before;
  const other = asked.after.repository === repository ? undefined : asked.after.repository;
  const [before, after] = [manifestNameOf(asked.before), manifestNameOf(asked.after)];
  const path = withQuery(`/repositories/${inPath(repository)}/diff`, {
    ...{ before, after, other, platform },
  });
  const answer = await callAs(await shell.client(), { id: "images.diff", path });
  const rows = answer.differences;
  const kind = isOfDigests(rows) ? "digest" : "text";
  return {
    kind: "list",
    columns: [
      { key: "what", kind: "name" },
      { key: "name" },
      { key: "before", kind },
      { key: "after", kind },
    ],
    rows: rows.map((row): Row => ({ ...row })),
    value: {
      before: { ...answer.before, reference: formatReference(asked.before) },
      after: { ...answer.after, reference: formatReference(asked.after) },
      differences: rows,
    },
    empty:
      answer.before.digest === answer.after.digest
        ? `both are ${answer.before.digest}`
        : "nothing differs but the manifest",
  };
}

function isOfDigests(rows: readonly { readonly what: string }[]): boolean {
  return rows.every(({ what }) => what === "layer" || what === "platform");
}
