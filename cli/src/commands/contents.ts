import { manifestNameOf, type Reference } from "../api/reference.js";
import { CommandFault, UsageFault } from "../exit/faults.js";
import { fetchManifest, imageIn, openBlob } from "../images/fetch-image.js";
import { readTar, type TarEntry } from "../images/tar.js";
import { unpacked } from "../images/unpack.js";
import { progressBar } from "../output/progress.js";
import type { Row, Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";
import { wholeNumber } from "./words.js";

interface ContentsOptions {
  readonly platform?: string;
  readonly layer?: number;
  readonly limit: number;
}

const LETTERS: Readonly<Record<TarEntry["kind"], string>> = {
  ...{ file: "-", folder: "d", link: "h", symlink: "l", other: "?" },
};

/** `inspect-contents`: the files in an image's layers. */
export const addContents: AddCommands = (program, run) => {
  program
    .command("inspect-contents <reference> [artifact] [tag]")
    .summary("the files in an image's layers")
    .description(
      "Lists the files in an image's layers, lowest layer first. Layers are read once and not kept; gzip, zstd and plain tar.",
    )
    .option("--platform <platform>", "image of an index; else linux on this machine's processor")
    .option(
      "--layer <number>",
      "one layer alone, the lowest is 1",
      wholeNumber("a number", 1_000, 1),
    )
    .option(
      "--limit <number>",
      "how many files at most",
      wholeNumber("a number", 10_000_000, 1),
      200_000,
    )
    .addHelpText(
      "after",
      examples(
        "wharf inspect-contents alpha/app:1.0",
        "wharf inspect-contents alpha app 1.0 --layer 2 -o tsv",
      ),
    )
    .action(
      run<ContentsOptions>((shell, words, options) =>
        contents(shell, shell.reference(words), options),
      ),
    );
};

async function contents(
  shell: Shell,
  reference: Reference,
  options: ContentsOptions,
): Promise<Shown> {
  const client = await shell.client();
  const { repository } = reference;
  const named = await fetchManifest(client, repository, manifestNameOf(reference));
  const image = await imageIn(client, named, options.platform ?? null);
  const layers = image.manifest.layers ?? [];
  if (options.layer !== undefined && options.layer > layers.length)
    throw new UsageFault(`it has ${layers.length} layers`);
  const rows: Row[] = [];
  for (const [i, layer] of layers.entries()) {
    if (options.layer !== undefined && options.layer !== i + 1) continue;
    const bar = progressBar(
      shell.machine.terminal,
      `layer ${i + 1} of ${layers.length}`,
      layer.size,
    );
    try {
      const tar = await unpacked(await openBlob(client, repository, layer), bar.add);
      for await (const entry of readTar(tar)) {
        if (rows.length >= options.limit) break;
        rows.push(rowOf(i + 1, entry));
      }
    } catch (error) {
      if (error instanceof CommandFault) throw error;
      const why = error instanceof Error ? error.message : "failed";
      throw new CommandFault(`layer ${i + 1} (${layer.mediaType}) cannot be read: ${why}`);
    } finally {
      bar.end();
    }
  }
  return {
    kind: "list",
    columns: [
      { key: "layer", kind: "number" },
      { key: "mode", kind: "name" },
      { key: "size", kind: "bytes" },
      { key: "modified", kind: "time", drop: 1 },
      { key: "path" },
    ],
    rows,
    empty: "no files",
    hasMore: rows.length >= options.limit,
  };
}

function rowOf(layer: number, { path, kind, mode, size, modified, target }: TarEntry): Row {
  const letters = ["r", "w", "x"];
  const bits = Array.from({ length: 9 }, (_, i) =>
    (mode >> (8 - i)) & 1 ? (letters[i % 3] ?? "") : "-",
  );
  const arrow = target === null ? "" : ` -> ${target}`;
  return {
    layer,
    mode: `${LETTERS[kind]}${bits.join("")}`,
    size,
    modified,
    path: `${path}${arrow}`,
  };
}
