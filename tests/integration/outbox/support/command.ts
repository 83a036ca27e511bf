import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { DIST } from "#local/repository-root.js";
import type { TestLedger } from "#tests/support/ledger.js";

/** What a command has said. */
export interface CommandAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command for the outbox as an operator does.
 *
 * @param ledger - whose outbox
 * @param args - what is asked for
 * @returns what it said
 */
export function outboxCommand(ledger: TestLedger, ...args: string[]): Promise<CommandAnswer> {
  const { host, port, user, password, database } = ledger.config;
  const env = {
    SUDO_USER: "olga",
    PATH: process.env.PATH,
    DB_SUBNAME: `//${host}:${port}/${database}`,
    DB_USER: user,
    DB_PASSWORD: password.reveal(),
  };
  const program = join(DIST, "gateway", "src", "commands", "outbox", "main.js");
  const run = promisify(execFile)(process.execPath, [program, ...args], { env });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => error as CommandAnswer,
  );
}
