import { isObject } from "#service-kit/is-object.js";
import type { Descriptor, StandingManifest } from "#registry-protocol/manifest/manifest.js";
import { platformName } from "./platform-name.js";

/** One difference. `null`: not there. */
export interface Difference {
  readonly what: "platform" | "config" | "env" | "label" | "annotation" | "layer";
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** An image as far as it is compared. */
export interface ComparedImage {
  readonly annotations: ReadonlyMap<string, string>;
  readonly layers: readonly Pick<Descriptor, "digest">[];
  /** Its configuration, parsed; `null`: it cannot be told. */
  readonly config: unknown;
}

type Texts = ReadonlyMap<string, string>;

/**
 * @param before - a manifest
 * @param after - another
 * @returns children by their platforms: whose image is another, that came or that went
 */
export function compareChildren(before: StandingManifest, after: StandingManifest): Difference[] {
  return compareMaps("platform", platforms(before), platforms(after));
}

/**
 * @param before - an image
 * @param after - another
 * @returns what differs: configuration, environment, labels, annotations, and layers from the first that is another
 */
export function compareImages(before: ComparedImage, after: ComparedImage): Difference[] {
  const [one, other] = [partsOf(before.config), partsOf(after.config)];
  return [
    ...compareMaps("config", one.settings, other.settings),
    ...compareMaps("env", one.environment, other.environment),
    ...compareMaps("label", one.labels, other.labels),
    ...compareMaps("annotation", before.annotations, after.annotations),
    ...compareMaps("layer", layers(before), layers(after)),
  ];
}

function compareMaps(what: Difference["what"], before: Texts, after: Texts): Difference[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => ({
      ...{ what, name },
      before: before.get(name) ?? null,
      after: after.get(name) ?? null,
    }))
    .filter((difference) => difference.before !== difference.after);
}

function platforms(manifest: StandingManifest): Texts {
  if (manifest.kind !== "index") return new Map();
  const named = manifest.manifests.flatMap((child) => {
    const name = platformName(child);
    return name === null ? [] : [[name, child.digest] as const];
  });
  return new Map(named);
}

function partsOf(config: unknown) {
  const image = objectOf(config);
  const run = objectOf(image["config"]);
  const keysOf = (value: unknown) => (isObject(value) ? Object.keys(value) : value);
  const said = {
    created: image["created"],
    os: image["os"],
    architecture: image["architecture"],
    user: run["User"],
    entrypoint: run["Entrypoint"],
    command: run["Cmd"],
    directory: run["WorkingDir"],
    ports: keysOf(run["ExposedPorts"]),
    volumes: keysOf(run["Volumes"]),
  };
  const env = Array.isArray(run["Env"]) ? run["Env"].map(textOf) : [];
  const labels = Object.entries(objectOf(run["Labels"]));
  return {
    settings: new Map(
      Object.entries(said)
        .map(([name, value]) => [name, textOf(value)] as const)
        .filter(([, text]) => text !== "null" && text !== ""),
    ),
    environment: new Map(env.map(variable)),
    labels: new Map(labels.map(([name, value]) => [name, textOf(value)] as const)),
  };
}

function variable(line: string): readonly [string, string] {
  const equals = line.indexOf("=");
  return equals === -1 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
}

function layers({ layers: all }: ComparedImage): Texts {
  return new Map(all.map(({ digest }, i) => [String(i + 1), digest]));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
