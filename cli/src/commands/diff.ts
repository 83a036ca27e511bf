import type { Client } from "../api/client.js";
import { formatReference, manifestNameOf, type Reference } from "../api/reference.js";
import { compareImages, comparePlatforms, type Difference } from "../images/compare.js";
import {
  fetchConfig,
  fetchManifest,
  imageIn,
  type FetchedManifest,
} from "../images/fetch-image.js";
import type { Shown } from "../output/shown.js";
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
      "image of indexes that is compared; else linux on this machine's processor",
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
        return difference(shell, { before, after }, platform ?? null);
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
  platform: string | null,
): Promise<Shown> {
  const client = await shell.client();
  const [before, after] = await Promise.all([
    fetchManifest(client, asked.before.repository, manifestNameOf(asked.before)),
    fetchManifest(client, asked.after.repository, manifestNameOf(asked.after)),
  ]);
  const rows =
    before.digest === after.digest ? [] : await differences(client, { before, after }, platform);
  return {
    kind: "list",
    columns: [
      { key: "what", kind: "name" },
      { key: "name" },
      { key: "before", kind: isOfDigests(rows) ? "digest" : "text" },
      { key: "after", kind: isOfDigests(rows) ? "digest" : "text" },
    ],
    rows: rows.map((row) => ({ ...row })),
    value: {
      before: { reference: formatReference(asked.before), digest: before.digest },
      after: { reference: formatReference(asked.after), digest: after.digest },
      differences: rows,
    },
    empty:
      before.digest === after.digest
        ? `both are ${before.digest}`
        : "nothing differs but the manifest",
  };
}

async function differences(
  client: Client,
  { before, after }: { readonly before: FetchedManifest; readonly after: FetchedManifest },
  platform: string | null,
): Promise<readonly Difference[]> {
  const [one, other] = await Promise.all([
    imageIn(client, before, platform),
    imageIn(client, after, platform),
  ]);
  const [config, otherConfig] = await Promise.all([
    fetchConfig(client, one),
    fetchConfig(client, other),
  ]);
  return [
    ...comparePlatforms(before.manifest, after.manifest),
    ...compareImages(
      { manifest: one.manifest, config },
      { manifest: other.manifest, config: otherConfig },
    ),
  ];
}

function isOfDigests(rows: readonly Difference[]): boolean {
  return rows.every(({ what }) => what === "layer" || what === "platform");
}
