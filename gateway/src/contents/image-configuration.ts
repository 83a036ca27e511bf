import { isObject } from "#service-kit/is-object.js";

/** What an image was told to be and to run (OCI image-spec, "Image Configuration"). */
export interface ImageConfiguration {
  readonly created: string | null;
  readonly author: string | null;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly user: string | null;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string | null;
  readonly stopSignal: string | null;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

/** A step in which an image was made. */
export interface HistoryStep {
  /** The layer that came of it, from 1; `null`: none did, or it cannot be told which. */
  readonly layer: number | null;
  /** Whether it changed no files. */
  readonly isEmpty: boolean;
  readonly createdBy: string;
  readonly comment: string;
  readonly author: string;
  readonly created: string | null;
}

/**
 * @param config - an image's configuration, parsed; whatever somebody pushed
 * @returns what it says; of what is not of its form, nothing
 */
export function configurationOf(config: unknown): ImageConfiguration {
  const image = objectOf(config);
  const run = objectOf(image["config"]);
  return {
    created: textOf(image["created"]),
    author: textOf(image["author"]),
    os: textOf(image["os"]),
    architecture: textOf(image["architecture"]),
    variant: textOf(image["variant"]),
    user: textOf(run["User"]),
    entrypoint: wordsOf(run["Entrypoint"]),
    command: wordsOf(run["Cmd"]),
    workingDirectory: textOf(run["WorkingDir"]),
    stopSignal: textOf(run["StopSignal"]),
    environment: wordsOf(run["Env"]).map(variableOf),
    labels: Object.fromEntries(
      Object.entries(objectOf(run["Labels"])).flatMap(([name, value]) =>
        typeof value === "string" ? [[name, value]] : [],
      ),
    ),
    ports: Object.keys(objectOf(run["ExposedPorts"])),
    volumes: Object.keys(objectOf(run["Volumes"])),
  };
}

/**
 * @param config - an image's configuration, parsed; whatever somebody pushed
 * @param layers - how many it has
 * @returns its steps, the first one first. Where those that changed files are not as many as layers, nobody can tell which
 *   belong together, and none is said to
 */
export function historyOf(config: unknown, layers: number): readonly HistoryStep[] {
  const { history } = objectOf(config);
  const steps = Array.isArray(history) ? history.map(objectOf) : [];
  const isEmpty = (step: Fields) => step["empty_layer"] === true;
  const fits = steps.filter((step) => !isEmpty(step)).length === layers;
  let layer = 0;
  return steps.map((step) => ({
    layer: fits && !isEmpty(step) ? (layer += 1) : null,
    isEmpty: isEmpty(step),
    createdBy: textOf(step["created_by"]) ?? "",
    comment: textOf(step["comment"]) ?? "",
    author: textOf(step["author"]) ?? "",
    created: textOf(step["created"]),
  }));
}

type Fields = Readonly<Record<string, unknown>>;

function variableOf(line: string): { readonly name: string; readonly value: string } {
  const equals = line.indexOf("=");
  return equals === -1
    ? { name: line, value: "" }
    : { name: line.slice(0, equals), value: line.slice(equals + 1) };
}

function wordsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function objectOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}
