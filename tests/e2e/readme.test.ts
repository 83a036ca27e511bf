import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runProgram } from "#local/processes/run-program.js";
import { waitUntil } from "#local/processes/wait.js";
import { startDockerEngine, type DockerEngine } from "#tests/support/docker-engine.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { scenario } from "#tests/support/scenario.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";

/** Where README.md has the stack. */
const SHOWN = "127.0.0.1:8080";
const SESSION = readSession(readFileSync(join(REPOSITORY_ROOT, "README.md"), "utf8"));

const engine = await startDockerEngine();
if (typeof engine === "string") console.warn(`SKIPPED: the session of README.md: ${engine}`);
const describeWithEngine = typeof engine === "string" ? describe.skip : describe;

let stack: TestStack;
let docker: DockerEngine;

afterAll(async () => {
  if (typeof engine !== "string") await engine.stop();
});

test("README.md has a session with pushes, refusals and commands", () => {
  expect(SESSION.length).toBeGreaterThan(6);
  expect(SESSION.flatMap(({ answer }) => answer).length).toBeGreaterThan(8);
});

describeWithEngine("the session of README.md", () => {
  beforeAll(async () => {
    if (typeof engine !== "string") docker = engine;
    stack = await startTestStack();
  });
  afterAll(() => stack.stop());

  const part = scenario();
  const follow = async ({ command, answer }: Step) => {
    let printed: string[] = [];
    const isAnswered = async () => {
      printed = (await run(command)).split("\n").map(withoutChance);
      return answer.every((line) => printed.includes(withoutChance(line)));
    };
    // What was pushed is announced a moment later; looking changes nothing, so it may be done again.
    if (command.startsWith("npm")) await waitUntil(isAnswered, { withinMs: 30_000 });
    else await isAnswered();
    expect(printed).toEqual(expect.arrayContaining(answer.map(withoutChance)));
  };
  SESSION.forEach((step, index) => {
    part(`is answered as it says (${index + 1}): ${step.command}`, () => follow(step));
  });
});

/** Runs what README.md shows; each build has other content. */
async function run(command: string): Promise<string> {
  const host = new URL(stack.url).host;
  let printed = "";
  for (const part of command.replaceAll(SHOWN, host).split(" && ")) {
    const [program = "", ...args] = part.split(/\s+/);
    if (args[0] === "build") await docker.build(args[3] ?? "", `${builds++}`);
    else printed += (await (program === "docker" ? docker.docker(...args) : npm(args))).output;
  }
  return printed.replaceAll(host, SHOWN);
}

let builds = 0;

function npm(args: readonly string[]) {
  const path = [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
  const env = { PATH: path, DATA_DIR: stack.dataDir };
  return runProgram({ file: "npm", args: [...args], env, cwd: REPOSITORY_ROOT }, {});
}

interface Step {
  readonly command: string;
  /** Lines that are among what it prints. */
  readonly answer: readonly string[];
}

function readSession(text: string): Step[] {
  const block = /^```console\n([^]*?)^```/m.exec(text)?.[1] ?? "";
  return block
    .split(/^\$ /m)
    .map((step) => step.trim().split("\n"))
    .map(([command = "", ...answer]) => ({ command: command.replace(/\s*#.*/, ""), answer }))
    .filter(({ command }) => command !== "");
}

/** Digests, times and sizes differ from run to run. */
function withoutChance(line: string): string {
  return line
    .replace(/sha256:[0-9a-f]{64}/g, "sha256:…")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/size: \d+/, "size: …");
}
