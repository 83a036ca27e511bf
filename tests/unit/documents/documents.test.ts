import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

/** Longest README, in lines: a screen and a half. */
const README_LINES = 130;
/** What has to be understood by whoever has never heard of it stands up here. */
const FIRST_SCREEN_LINES = 40;

const read = (path: string) => readFileSync(join(REPOSITORY_ROOT, path), "utf8");
const exists = (path: string) => existsSync(join(REPOSITORY_ROOT, path));

const DOCUMENTS = globSync(
  [
    "*.md",
    "docs/**/*.md",
    "{deploy/config,deploy/ecs,deploy/kubernetes,deploy/opensvc,registry-config,tests/attacks}/README.md",
  ],
  { cwd: REPOSITORY_ROOT },
).sort();
/** What an operator may put there. */
const OF_OPERATORS =
  /^deploy\/\.env$|^deploy\/config\/(?:(?:secrets|aws)\/|(?:secrets|cloudfront|aws)$)/;
/** What a command writes there at its end. */
const OF_COMMANDS = /^tests\/mutants\/report\.md$/;
/** They tell of their day: what they name may be gone. */
const OF_THEIR_DAY = /^CHANGELOG\.md$|^docs\/decisions\//;
const FOLDERS = globSync("*/", { cwd: REPOSITORY_ROOT, exclude: ["node_modules", "dist"] }).map(
  (name) => name.replace(/\/$/, ""),
);

describe("README.md", () => {
  const lines = read("README.md").trimEnd().split("\n");

  test(`has at most ${README_LINES} lines`, () => {
    expect(lines.length).toBeLessThanOrEqual(README_LINES);
  });

  test("has what it is, the two commands and a push on the first screen", () => {
    const screen = lines.slice(0, FIRST_SCREEN_LINES).join("\n");
    for (const wanted of ["never change", "npm start", "npm test", "docker push"])
      expect(screen).toContain(wanted);
  });

  test("leads to every document of docs/, some by way of another", () => {
    const found = new Set(["README.md"]);
    for (const path of found)
      for (const { target } of linksOf(path)) if (DOCUMENTS.includes(target)) found.add(target);
    const own = DOCUMENTS.filter((path) => !path.startsWith("docs/decisions/"));
    expect(own.filter((path) => !found.has(path))).toEqual([]);
  });
});

describe("the documents", () => {
  test("are found at all", () => {
    expect(DOCUMENTS.length).toBeGreaterThan(35);
    expect(FOLDERS).toContain("gateway");
  });

  test.each(DOCUMENTS)("lead to files and headings that are there: %s", (path) => {
    const broken = linksOf(path).filter(
      ({ target, anchor }) =>
        !exists(target) || (anchor !== null && !anchorsOf(target).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  test.each(DOCUMENTS.filter((path) => !OF_THEIR_DAY.test(path)))(
    "name files that are there: %s",
    (path) => {
      const missing = pathsNamedIn(read(path)).filter((named) => !isThere(named));
      expect(
        missing.filter((named) => !OF_OPERATORS.test(named) && !OF_COMMANDS.test(named)),
      ).toEqual([]);
    },
  );

  test.each(DOCUMENTS)("name commands that package.json has: %s", (path) => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...read(path).matchAll(/npm run (?:--silent )?([a-z][a-z0-9:-]*)/g)];
    const unknown = named.map(([, name = ""]) => name).filter((name) => !(name in scripts));
    expect(unknown).toEqual([]);
  });
});

interface Link {
  readonly target: string;
  readonly anchor: string | null;
}

/** Links into this repository, from its root; those in code are none. */
function linksOf(path: string): Link[] {
  const text = withoutBlocks(read(path)).replace(/`[^`\n]*`/g, "");
  const links = [...text.matchAll(/\]\(\s*<?([^()\s>]+)>?\s*\)/g)].map(([, link = ""]) => link);
  return links
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link))
    .map((link) => {
      const [file = "", anchor = null] = link.split("#");
      return { target: file === "" ? path : normalize(join(dirname(path), file)), anchor };
    });
}

/** As GitHub makes them of headings; the second of a name gets `-1`. */
function anchorsOf(path: string): string[] {
  if (!path.endsWith(".md")) return [];
  const seen = new Map<string, number>();
  const headings = withoutBlocks(read(path)).matchAll(/^#{1,6} +(.+?) *#*$/gm);
  return [...headings].map(([, heading = ""]) => {
    const name = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-");
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name}-${before}`;
  });
}

function withoutBlocks(text: string): string {
  return text.replace(/^(```|~~~)[^]*?^\1/gm, "");
}

/** Paths of this repository, in code or out of it: what begins with one of its folders. */
function pathsNamedIn(text: string): string[] {
  const named = text.matchAll(/(?<![\w./:@*-])([a-z][\w.-]*(?:\/[\w.{},*-]+)+)/g);
  return [...named]
    .map(([, path = ""]) => path.replace(/\.+$/, "").replace(/^dist\/(.*)\.js$/, "$1.ts"))
    .filter((path) => FOLDERS.includes(path.split("/")[0] ?? ""));
}

function isThere(path: string): boolean {
  return /[*{]/.test(path) ? globSync(path, { cwd: REPOSITORY_ROOT }).length > 0 : exists(path);
}
