import type { ImageConfig, Manifest } from "./manifest.js";
import { platformOf } from "./manifest.js";

/** One difference. `null`: not there. */
export interface Difference {
  readonly what: "platform" | "config" | "env" | "label" | "annotation" | "layer";
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** An image as far as it is compared. */
export interface ComparedImage {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

/**
 * @param before - an index
 * @param after - another
 * @returns platforms whose image is another, that came or that went
 */
export function comparePlatforms(before: Manifest, after: Manifest): readonly Difference[] {
  return compareMaps("platform", platforms(before), platforms(after));
}

/**
 * @param before - an image
 * @param after - another
 * @returns what differs: configuration, environment, labels, annotations, and layers from the first that is another
 */
export function compareImages(before: ComparedImage, after: ComparedImage): readonly Difference[] {
  return [
    ...compareMaps("config", settings(before.config), settings(after.config)),
    ...compareMaps("env", environment(before.config), environment(after.config)),
    ...compareMaps("label", labels(before.config), labels(after.config)),
    ...compareMaps("annotation", annotations(before.manifest), annotations(after.manifest)),
    ...compareMaps("layer", layers(before.manifest), layers(after.manifest)),
  ];
}

type Texts = ReadonlyMap<string, string>;

function compareMaps(what: Difference["what"], before: Texts, after: Texts): Difference[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => ({
      ...{ what, name },
      before: before.get(name) ?? null,
      after: after.get(name) ?? null,
    }))
    .filter((difference) => difference.before !== difference.after);
}

function platforms({ manifests = [] }: Manifest): Texts {
  const known = manifests.map((child) => [platformOf(child), child.digest] as const);
  return new Map(known.filter((entry): entry is [string, string] => entry[0] !== null));
}

function settings({ config, ...image }: ImageConfig): Texts {
  const said = {
    created: image.created,
    os: image.os,
    architecture: image.architecture,
    user: config?.User,
    entrypoint: config?.Entrypoint,
    command: config?.Cmd,
    directory: config?.WorkingDir,
    ports: config?.ExposedPorts == null ? null : Object.keys(config.ExposedPorts),
    volumes: config?.Volumes == null ? null : Object.keys(config.Volumes),
  };
  const texts = Object.entries(said).map(
    ([name, value]) =>
      [name, typeof value === "string" ? value : JSON.stringify(value ?? null)] as const,
  );
  return new Map(texts.filter(([, text]) => text !== "null" && text !== ""));
}

function environment({ config }: ImageConfig): Texts {
  return new Map(
    (config?.Env ?? []).map((line) => {
      const equals = line.indexOf("=");
      return equals === -1 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
}

function labels({ config }: ImageConfig): Texts {
  return new Map(Object.entries(config?.Labels ?? {}));
}

function annotations(manifest: Manifest): Texts {
  return new Map(Object.entries(manifest.annotations ?? {}));
}

function layers(manifest: Manifest): Texts {
  return new Map((manifest.layers ?? []).map(({ digest }, i) => [String(i + 1), digest]));
}
