import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  REPOSITORY_ROOT,
  resolveImport,
  SOURCE_FOLDERS,
  sourceFiles,
  type SourceFile,
} from "#tests/support/source-tree.js";

/** A service as docker-compose.yml has it. */
export interface Service {
  readonly build?: { readonly context: string; readonly target?: string };
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly secrets?: readonly string[];
  readonly image?: string;
  readonly restart?: string;
  readonly logging?: object;
  readonly deploy?: { readonly replicas?: number; readonly resources: object };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<
    Record<string, { readonly condition: string; readonly required?: boolean }>
  >;
}

/** Reads a file of the repository. */
export const read = (path: string) => readFileSync(join(REPOSITORY_ROOT, path), "utf8");
export const DOCKERFILE = read("deploy/Dockerfile");
export const { services: SERVICES, volumes: VOLUMES } = parse(read("deploy/docker-compose.yml"), {
  merge: true,
}) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
/** Services of ours: those whose images are built from the Dockerfile. */
export const OURS = Object.entries(SERVICES).filter(([, { build }]) => build?.target !== undefined);

const FILES = new Map(
  sourceFiles([...SOURCE_FOLDERS, "deploy/compose", "deploy/database"]).map((file) => [
    file.path,
    file,
  ]),
);

/** The lines of one stage of the Dockerfile. */
export function stage(target: string): string {
  return (
    DOCKERFILE.split(/^(?=FROM )/m).find((lines) =>
      lines.split("\n")[0]?.endsWith(` AS ${target}`),
    ) ?? ""
  );
}

/** Every source that runs in an image, found from the program it starts. */
export function filesOf(target: string): SourceFile[] {
  const program = /^CMD \["node", "dist\/([^"]+)\.js"/m.exec(stage(target))?.[1];
  const found = new Map<string, SourceFile>();
  const visit = (path: string) => {
    const file = FILES.get(path);
    if (found.has(path)) return;
    if (file === undefined) throw new Error(`${target} runs ${path}, which is no source of it`);
    found.set(path, file);
    for (const specifier of file.imports) {
      const imported = resolveImport(file, specifier);
      if (imported !== null) visit(imported);
    }
  };
  visit(`${program ?? "nothing"}.ts`);
  return [...found.values()];
}

/** Environment variables that the sources read, by the reader's own calls. */
export function variablesOf(files: readonly SourceFile[]): string[] {
  const calls = files.flatMap(({ text }) => [
    ...text.matchAll(/read\s*\.(\w+)\(\s*"([A-Z][A-Z0-9_]+|[a-z]+_proxy)"/g),
  ]);
  return calls.flatMap(([, method = "", name = ""]) =>
    /secret$/i.test(method) ? [name, `${name}_FILE`] : [name],
  );
}
