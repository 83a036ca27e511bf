import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "#local/processes/run-program.js";
import type { Tool } from "#local/testing/test-tools.js";
import { skopeo } from "#tests/support/skopeo.js";
import type { Client, JobId, Target } from "../job.js";
import { namesFor, type Names } from "../names.js";
import { inTurn } from "./in-turn.js";

/** Words of one command line. */
type Words = readonly string[];

/** What a client of the command line is called with. */
export interface Situation extends Names {
  readonly target: Target;
  /** Folder of this visit: home, and what the client keeps. */
  readonly folder: string;
}

/** A client of the command line: for each job the command lines that do it. */
export interface Program {
  readonly name: string;
  readonly tool: Tool;
  /** Prints the version. */
  readonly version: Words;
  readonly environment?: (situation: Situation) => Record<string, string>;
  /** What it prints where something failed and its exit code does not say so. */
  readonly failsWith?: RegExp;
  /** Files that the client needs. */
  readonly prepare?: (situation: Situation) => Promise<void>;
  readonly jobs: (situation: Situation) => Partial<Record<JobId, readonly Words[]>>;
}

const MINUTE = 60_000;

/**
 * @param program - how it is called
 * @returns it as a client of the matrix
 */
export async function clientOf(program: Program): Promise<Client> {
  const { name, tool } = program;
  return {
    name,
    version: await versionOf(program),
    visit: async (target, folder) => {
      const situation = { ...(await namesFor(target, name, folder)), target, folder };
      const home = join(folder, "home");
      await mkdir(join(home, "tmp"), { recursive: true });
      await program.prepare?.(situation);
      const env = {
        ...{ PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: join(home, "tmp") },
        XDG_RUNTIME_DIR: home,
        ...tool.env,
        ...program.environment?.(situation),
      };
      const run = async (args: Words) => {
        const command = { file: tool.file, args: [...args], env, cwd: folder };
        const outcome = await runProgram(command, { timeoutMs: MINUTE });
        return { ...outcome, ok: outcome.ok && program.failsWith?.test(outcome.output) !== true };
      };
      const known = program.jobs(situation);
      // Whoever cannot push works on what another one pushed.
      if (known.push === undefined)
        await skopeo(target.url, target.isGateway ? target.password : null).push(
          situation.image,
          `${situation.repository}:1.0`,
        );
      const jobs = Object.entries(known).map(
        ([job, lines]) => [job, () => inTurn(...lines.map((words) => () => run(words)))] as const,
      );
      return { jobs: Object.fromEntries(jobs) };
    },
  };
}

async function versionOf({ tool, version }: Program): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...tool.env };
  const { output } = await runProgram({ file: tool.file, args: [...version], env });
  const [, named] = /^(?:Git)?Version: +v?(\d\S*)/im.exec(output) ?? [];
  const [first = ""] = output.split("\n");
  return named ?? /\d+\.\d+(?:\.\d+)?/.exec(first)?.[0] ?? "unknown";
}
