import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { stage } from "./support/compose.js";

const read = (path: string) => readFileSync(join(REPOSITORY_ROOT, path), "utf8");
const { workspaces, scripts } = JSON.parse(read("package.json")) as {
  workspaces: string[];
  scripts: Record<string, string>;
};
const { include } = JSON.parse(read("tsconfig.json")) as { include: string[] };

describe("a workspace", () => {
  test("is built by the command that builds the services", () => {
    expect(scripts["build"]).toMatch(
      /^tsc -p tsconfig\.json && .* build --workspaces --if-present$/,
    );
    expect(workspaces).toContain("cli");
  });

  test.each(workspaces)("has a build of its own: %s", (folder) => {
    const own = JSON.parse(read(join(folder, "package.json"))) as Record<string, unknown>;
    expect(own).toMatchObject({ scripts: { build: expect.any(String) } });
  });

  // With provenance npm publishes from a workflow alone, and ends elsewhere.
  test.each(workspaces)("is published by nobody, or by the release alone: %s", (folder) => {
    const { private: isPrivate, publishConfig } = JSON.parse(
      read(join(folder, "package.json")),
    ) as Record<string, unknown>;
    if (folder === "cli") expect(publishConfig).toEqual({ access: "public", provenance: true });
    else expect(isPrivate).toBe(true);
  });

  test.each(workspaces)("is not compiled with the services, nor in their images: %s", (folder) => {
    const compiled = include.map((pattern) => pattern.replace(/\*.*/, ""));
    expect(compiled.filter((below) => `${folder}/`.startsWith(below))).toEqual([]);
    expect(existsSync(join(REPOSITORY_ROOT, folder, "sql"))).toBe(false);
    const taken = stage("build").split("/run/app").slice(1).join("");
    expect(taken).toContain("dist");
    expect(taken.split(/[\s/"]+/)).not.toContain(folder);
  });
});
