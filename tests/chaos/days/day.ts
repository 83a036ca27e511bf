import { join } from "node:path";
import { DIST, REPOSITORY_ROOT } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import { eventually } from "#tests/support/eventually.js";
import { answersOk } from "#local/processes/wait.js";
import { startFleet, type Fleet } from "../fleet.js";
import type { Random } from "../random.js";
import { openBooks, type Books } from "./books.js";

/** What a command printed, and whether it ended with 0. */
export interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

/** What a day is told. */
export interface DayOptions {
  /** Folder of its own, which is there and goes with it. */
  readonly folder: string;
  /** Less of everything: some minutes at most. */
  readonly isShort: boolean;
  readonly random: Random;
  readonly say: (line: string) => void;
}

/** How the stack of a day differs from others. */
export interface DayStack {
  readonly env?: NodeJS.ProcessEnv;
  /** What the second gateway is told otherwise. */
  readonly othersEnv?: NodeJS.ProcessEnv;
  /** Whether the second gateway goes to registry and database by ways of its own. */
  readonly haveWays?: boolean;
  /** Whether its registry remembers which blobs there are. */
  readonly remembers?: boolean;
}

const GATEWAYS = 2;
const READY_WITHIN_MILLISECONDS = 90_000;
const PASS_WITHIN_MILLISECONDS = 180_000;
/** Everything that looks at ledger and registry again and again does so all the time. */
const RESTLESS = {
  DISCOVERY_SECONDS: "3",
  DISCOVERY_ROUND_SECONDS: "0",
  DISCOVERY_RATE: "1000",
  DISCOVERY_REPAIR: "true",
  AUDIT_CHECKPOINT_SECONDS: "2",
  UNDECIDED_SECONDS: "60",
};

/** A stack of two gateways on which something goes wrong, and what is known of it. */
export class Day {
  readonly books: Books = openBooks();
  /** What must not be, in words. */
  readonly wrong: string[] = [];
  readonly options: DayOptions;
  readonly stack: DayStack;
  #fleet: Fleet | null = null;

  constructor(options: DayOptions, stack: DayStack) {
    this.options = options;
    this.stack = stack;
  }

  /** @throws Error while it does not run */
  get fleet(): Fleet {
    if (this.#fleet === null) throw new Error("the stack does not run");
    return this.#fleet;
  }

  /** @returns whether it runs */
  get isUp(): boolean {
    return this.#fleet !== null;
  }

  /** @returns path of what a part keeps, or of a copy of it by a name */
  path(part: "postgres" | "registry" | "logs" | "keys" | "secrets", copy?: string): string {
    const at = part === "registry" ? join("registry", "blobs") : part;
    return copy === undefined
      ? join(this.options.folder, "data", at)
      : join(this.options.folder, "data", part === "registry" ? "registry" : "", `${part}-${copy}`);
  }

  async start(): Promise<void> {
    const { env, othersEnv, haveWays } = this.stack;
    const registry = process.env["REGISTRY_BIN"];
    const named = registry === undefined ? {} : { REGISTRY_BIN: registry };
    this.#fleet = await startFleet(
      GATEWAYS,
      { ...RESTLESS, ...named, ...env },
      {
        dataDir: join(this.options.folder, "data"),
        ...(othersEnv === undefined ? {} : { env: othersEnv }),
        ...(haveWays === undefined ? {} : { haveWays }),
      },
    );
  }

  async stop(): Promise<void> {
    const fleet = this.#fleet;
    this.#fleet = null;
    await fleet?.stop();
  }

  /** Everything stops, something happens, and everything starts again. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.stop();
    await meanwhile();
    await this.start();
  }

  /** @throws Error when one of the gateways does not say that pushes would work */
  async untilReady(): Promise<void> {
    for (const url of this.fleet.gateways)
      await eventually(
        `${url} is ready`,
        () => answersOk(`${url}/ready`),
        READY_WITHIN_MILLISECONDS,
      );
  }

  /**
   * Runs a command with what the first gateway was told.
   *
   * @param program - path below `dist`, or `verify`
   * @param args - its arguments
   * @returns what it printed
   */
  async run(program: string, ...args: readonly string[]): Promise<Ran> {
    const isVerify = program === "verify";
    const file = isVerify ? "audit-log/src/commands/main.js" : program;
    const command = {
      file: process.execPath,
      args: [join(DIST, file), ...(isVerify ? [program] : []), ...args],
      env: { ...this.fleet.env, NODE_OPTIONS: "", SUDO_USER: "olga" },
      cwd: REPOSITORY_ROOT,
    };
    return runProgram(command, { timeoutMs: 300_000 });
  }

  /** A pass by hand, once none of the gateways' own is under way. */
  async discover(...args: readonly string[]): Promise<Ran> {
    let ran = await this.run(COMMANDS.discover, ...args);
    const isOver = async () => {
      if (!ran.output.includes("another pass is under way")) return true;
      ran = await this.run(COMMANDS.discover, ...args);
      return false;
    };
    await eventually("no other pass is under way", isOver, PASS_WITHIN_MILLISECONDS);
    return ran;
  }

  /** @throws Error with what it printed when a command does not end with 0 */
  async must(program: string, ...args: readonly string[]): Promise<string> {
    const { ok, output } = await this.run(program, ...args);
    if (!ok) throw new Error(`${program} ${args.join(" ")}:\n${output}`);
    return output;
  }

  /** Ends a part with SIGKILL; it is started again by itself. */
  async kill(part: "registry" | "postgres" | "gateway", instance = 0): Promise<void> {
    const pid = await this.fleet.processOf(part, instance);
    if (pid > 0) process.kill(pid, "SIGKILL");
  }
}

/** Commands by their programs. */
export const COMMANDS = {
  discover: "gateway/src/commands/discover/main.js",
  storage: "gateway/src/commands/storage/main.js",
  mode: "gateway/src/commands/mode/main.js",
  collect: "deploy/local/commands/collect-garbage.js",
} as const;
