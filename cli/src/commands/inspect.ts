import { callAs, withQuery, type AnswerOf } from "../api/described-answers.js";
import { inPath, manifestNameOf } from "../api/reference.js";
import type { Row, Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";

type Inspected = AnswerOf<"images.inspect">;
type Image = NonNullable<Inspected["image"]>;

/** `inspect`: what an image was told to be and to run, and how its layers were made. */
export const addInspect: AddCommands = (program, run) => {
  program
    .command("inspect <reference> [artifact] [tag]")
    .summary("an image's configuration, layers and history")
    .description(
      "What an image was told to be and to run: entry point, command, environment, labels, user, ports. With --layers its layers, and " +
        "the command that made each.",
    )
    .option("--platform <platform>", "of an index; else linux/amd64, or the first one")
    .option("--layers", "layers, with the commands that made them")
    .addHelpText(
      "after",
      examples("wharf inspect alpha/app:1.0", "wharf inspect alpha/app:1.0 --layers"),
    )
    .action(
      run<{ platform?: string; layers?: boolean }>(async (shell, words, { platform, layers }) => {
        const reference = shell.reference(words);
        const query = { of: manifestNameOf(reference), platform };
        const path = withQuery(`/repositories/${inPath(reference.repository)}/inspect`, query);
        const found = await callAs(await shell.client(), { id: "images.inspect", path });
        return layers === true ? layersShown(found) : imageShown(found);
      }),
    );
};

function imageShown(found: Inspected): Shown {
  const { repository, digest, manifests, image } = found;
  const said = image?.configuration ?? null;
  const platforms = manifests.flatMap(({ platform }) => platform ?? []);
  const isSaid = (value: unknown) => value !== null && value !== "";
  const platform = [said?.os, said?.architecture, said?.variant].filter(Boolean).join("/");
  const fields: readonly (readonly [string, unknown, "bytes"?])[] = [
    ["platform", platform],
    ["size", image?.size ?? null, "bytes"],
    ["created", said?.created ?? null],
    ["author", said?.author ?? null],
    ["entry point", words(said?.entrypoint)],
    ["command", words(said?.command)],
    ["user", said?.user ?? null],
    ["directory", said?.workingDirectory ?? null],
    ["ports", said?.ports.join(" ") ?? null],
    ["volumes", said?.volumes.join(" ") ?? null],
    ["stop signal", said?.stopSignal ?? null],
    ...(said?.environment ?? []).map(({ name, value }) => ["env", `${name}=${value}`] as const),
    ...Object.entries(said?.labels ?? {}).map(
      ([name, value]) => ["label", `${name}=${value}`] as const,
    ),
  ];
  return {
    kind: "record",
    fields: [
      ["repository", repository],
      ["digest", digest],
      ...(manifests.length === 0
        ? []
        : ([
            ["platforms", platforms],
            ["image", image?.digest ?? null],
          ] as const)),
      ...fields.filter(([, value]) => isSaid(value)),
    ],
    value: found,
  };
}

/** As a shell would take them. */
function words(all: readonly string[] = []): string {
  return all.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}

function layersShown(found: Inspected): Shown {
  const { image } = found;
  return {
    kind: "list",
    columns: [
      { key: "layer", kind: "number" },
      { key: "size", kind: "bytes" },
      { key: "createdBy", head: "made by" },
      { key: "digest", kind: "digest", drop: 1 },
    ],
    rows: image === null ? [] : layerRows(image),
    ...{ value: found, empty: "it has no layers" },
  };
}

/** Steps with their layers; where nobody can tell which belong together, layers alone. */
function layerRows({ layers, history }: Image): readonly Row[] {
  const isMatched = history.some(({ layer }) => layer !== null);
  if (!isMatched)
    return layers.map(({ digest, size }, i) => ({ layer: i + 1, size, createdBy: "", digest }));
  return history.map(({ layer, createdBy }) => {
    const { size = null, digest = "" } = (layer !== null && layers[layer - 1]) || {};
    return { layer, size, createdBy, digest };
  });
}
