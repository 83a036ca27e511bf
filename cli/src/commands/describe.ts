import type { Client } from "../api/client.js";
import { callAs, type AnswerOf } from "../api/described-answers.js";
import { inPath, manifestNameOf, type Reference } from "../api/reference.js";
import { isNotFound } from "../exit/faults.js";
import {
  fetchManifest,
  isAttestation,
  pullScope,
  type FetchedManifest,
} from "../images/fetch-image.js";
import { platformOf, sizeOf } from "../images/manifest.js";
import type { Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";

/** Sizes of indexes are added up from so many images at most. */
const MOST_CHILDREN = 50;

/** `describe`. */
export const addDescribe: AddCommands = (program, run) => {
  program
    .command("describe <reference> [artifact] [tag]")
    .summary("what a tag or digest is")
    .description(
      "What a tag is: digest, type, platforms, size, who pushed it and when, whether it may change and by which rule. Of a " +
        "digest what the registry has of it.",
    )
    .addHelpText(
      "after",
      examples("wharf describe alpha/app:1.0", "wharf describe alpha app 1.0 -o yaml"),
    )
    .action(run((shell, words) => described(shell, shell.reference(words))));
};

async function described(shell: Shell, reference: Reference): Promise<Shown> {
  const client = await shell.client();
  const { repository } = reference;
  const tag = reference.digest === null ? (reference.tag ?? "latest") : null;
  const record =
    tag === null
      ? null
      : await callAs(client, {
          ...{ id: "tags.describe", scope: pullScope(repository) },
          path: `/repositories/${inPath(repository)}/tags/${tag}`,
        });
  const image = await factsOf(client, repository, record?.digest ?? manifestNameOf(reference));
  return {
    kind: "record",
    fields: [
      ["repository", repository],
      ...(record === null ? [] : ([["tag", nameOf(record)]] as const)),
      ["digest", image.digest],
      ["type", image.type],
      ["platforms", image.platforms],
      ["size", image.size, "bytes"],
      ...(record === null
        ? []
        : ([
            ["pushed by", record.pushedBy],
            ["pushed", record.pushedAt, "time"],
            ["may change", `${record.mutability} (rule ${record.rule})`],
            ["locked", record.locked],
            ["deletable", record.deletable],
          ] as const)),
    ],
    value: { repository, ...record, image },
  };
}

function nameOf({ tag, newest }: AnswerOf<"tags.describe">): string {
  return newest === undefined ? tag : `${tag}, which is ${newest}`;
}

async function factsOf(client: Client, repository: string, name: string) {
  const fetched = await fetchManifest(client, repository, name);
  const { manifest, digest, mediaType } = fetched;
  const children = manifest.manifests?.filter((child) => !isAttestation(child));
  return {
    digest,
    mediaType,
    type: manifest.artifactType ?? mediaType,
    platforms: (children ?? []).map((child) => platformOf(child) ?? "unknown"),
    children: (children ?? []).map((child) => child.digest),
    size: await wholeSize(client, fetched),
  };
}

async function wholeSize(client: Client, { repository, manifest }: FetchedManifest) {
  const { manifests: children } = manifest;
  if (children === undefined) return sizeOf(manifest);
  if (children.length > MOST_CHILDREN) return null;
  const sizes = await Promise.all(
    children.map(({ digest }) =>
      fetchManifest(client, repository, digest)
        .then((child) => sizeOf(child.manifest))
        // An index may name what was never pushed, or is gone.
        .catch((error: unknown) => {
          if (isNotFound(error)) return 0;
          throw error;
        }),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
