import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

/** Path of this machine, without what npm puts before it. */
const PATH = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);
const ENV = { ...process.env, PATH, npm_execpath: undefined, npm_config_user_agent: undefined };
const ON_MACHINE = execFileSync("node", ["-p", "process.execPath"], { env: ENV }).toString().trim();
const PINNED = "24.21.0";
const AS_NODE_18 =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"18.20.8"}})';

let clone: TemporaryFolder;

beforeEach(async () => {
  clone = await temporaryFolder();
  await mkdir(at("deploy/local/set-up"), { recursive: true });
  for (const file of ["package.json", "package-lock.json", "deploy/local/set-up/node24.mjs"])
    await cp(join(REPOSITORY_ROOT, file), at(file));
});

afterEach(() => clone.remove());

describe("the Node of npm start and npm test", () => {
  test("is the one that began it from 24 on", () => {
    expect(run(process.execPath).stdout).toBe(`${process.execPath}\n`);
  });

  test("is one of npm's if the one that began it is older, got once", () => {
    const first = run(process.execPath, { args: ["--import", AS_NODE_18] });
    expect(first).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\/\S+\n$/) });
    expect(first.stderr).toContain(`getting Node ${PINNED}`);
    expect(execFileSync(first.stdout.trim(), ["--version"]).toString()).toBe(`v${PINNED}\n`);
    const second = run(process.execPath, { args: ["--import", AS_NODE_18] });
    expect(second).toMatchObject({ status: 0, stdout: first.stdout, stderr: "" });
  });

  test("is linked where npm's scripts look first, once npm has installed it", async () => {
    const name = `node-${process.platform}-${process.arch}`;
    const program = at(`node_modules/${name}/bin/node`);
    await mkdir(dirname(program), { recursive: true });
    await mkdir(at("node_modules/.bin"));
    await cp(process.execPath, program);
    expect(run(process.execPath, { mode: ["--link"] })).toMatchObject({ status: 0, stdout: "" });
    expect(existsSync(at("node_modules/.bin/node"))).toBe(false);

    await writeFile(at("node_modules/.package-lock.json"), "{}");
    expect(run(process.execPath, { mode: ["--link"] })).toMatchObject({ status: 0, stdout: "" });
    expect(await realpath(at("node_modules/.bin/node"))).toBe(await realpath(program));
    expect(run(process.execPath, { args: ["--import", AS_NODE_18] }).stdout).toBe(`${program}\n`);
    await rm(at("node_modules"), { recursive: true });
  });

  test("is 24 or later with the Node on this machine", () => {
    const { status, stdout } = run(ON_MACHINE);
    expect(status).toBe(0);
    const version = execFileSync(stdout.trim(), ["--version"]).toString();
    expect(Number(/^v(\d+)/.exec(version)?.[1])).toBeGreaterThanOrEqual(24);
  });

  test("takes the place of the script's shell, so that signals and the exit code are its own", async () => {
    await writeFile(
      at("deploy/local/set-up/start.mjs"),
      'process.once("SIGTERM", () => process.exit(7)); console.log(process.pid); setInterval(() => {}, 1000);',
    );
    const { scripts } = JSON.parse(await readFile(at("package.json"), "utf8")) as {
      scripts: { start: string };
    };
    const shell = spawn("sh", ["-c", scripts.start], {
      cwd: clone.path,
      env: { ...ENV, PATH: `${dirname(process.execPath)}${delimiter}${PATH}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(shell, "exit");
    const [pid] = (await once(shell.stdout, "data")) as [Buffer];
    expect(Number(pid.toString())).toBe(shell.pid);
    shell.kill("SIGTERM");
    expect(await exit).toEqual([7, null]);
  });
});

describe("without a Node that will do", () => {
  const OLD = { args: ["--import", AS_NODE_18] };

  test("a machine for which npm has no package is told which Node it needs", async () => {
    const text = await readFile(at("package-lock.json"), "utf8");
    await writeFile(at("package-lock.json"), text.replaceAll("node_modules/node-", "other/node-"));
    const { status, stdout, stderr } = run(process.execPath, OLD);
    await writeFile(at("package-lock.json"), text);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^wharfinger: needs Node 24 or later, this is v\d.*for this machine\n$/);
  });

  test("an npm that cannot read the lock is named", async () => {
    const text = await readFile(at("package-lock.json"), "utf8");
    await writeFile(at("package-lock.json"), text.replaceAll(`"${PINNED}"`, '"24.0.1"'));
    const env = { npm_config_user_agent: "npm/6.14.18 node/v18.20.8 linux x64" };
    const { status, stdout, stderr } = run(process.execPath, { ...OLD, env });
    await writeFile(at("package-lock.json"), text);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe("wharfinger: needs npm 7 or later, this is 6.14.18: npm install -g npm\n");
  });

  test("a package that is not what the lock says is refused", async () => {
    const text = await readFile(at("package-lock.json"), "utf8");
    const lock = JSON.parse(text) as {
      packages: Record<string, { version: string; integrity: string }>;
    };
    for (const [path, entry] of Object.entries(lock.packages))
      if (/^node_modules\/node-(?:linux|darwin|win)/.test(path))
        Object.assign(entry, { version: "24.18.1", integrity: `sha512-${"A".repeat(86)}==` });
    await writeFile(at("package-lock.json"), JSON.stringify(lock));
    const { status, stdout, stderr } = run(process.execPath, OLD);
    await writeFile(at("package-lock.json"), text);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("npm could not get one");
  });
});

function at(file: string): string {
  return join(clone.path, file);
}

function run(node: string, { args = [] as string[], mode = [] as string[], env = {} } = {}) {
  const options = { env: { ...ENV, ...env }, cwd: clone.path, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(
    node,
    [...args, at("deploy/local/set-up/node24.mjs"), ...mode],
    options,
  );
  return { status, stdout, stderr };
}
