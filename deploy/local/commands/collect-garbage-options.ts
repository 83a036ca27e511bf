import { parseArgs } from "node:util";
import { UsageError } from "#service-kit/command.js";
import { durationSeconds } from "#service-kit/duration.js";
import { usageOf } from "#service-kit/usage.js";
import { LocalStackError } from "../errors.js";
import type { RegistryProgram } from "../programs/registry-binary.js";

export const USAGE = usageOf({
  about: "Removes what no manifest needs from the local stack's registry; pulls go on meanwhile",
  call: "npm run collect-garbage --",
  program: null,
  forms: `  [--dry-run] [--delete-untagged] [--despite-sha512] [--drain DURATION] [--wait DURATION] [--by NAME]
      --dry-run tells what would be removed; --delete-untagged (3.x alone) removes manifests without a tag;
      --despite-sha512 removes layers that images name by sha512 alone, for which it is refused otherwise;
      uploads that have begun may go on for --drain (60s); after --wait (2m) it gives up
      --by is who does it, for the audit log; without it who has become another by sudo, or whose account it is`,
  examples: ["--dry-run", "--drain 5m --wait 10m"],
  ends: "0 when it is done, 1 when not: it says whether pushes are welcome again",
  environment: "that of npm start; of other installations see docs/garbage-collection.md",
});

const MOST_SECONDS = 86_400;

/** What is asked for. */
export interface CollectCommand {
  readonly dryRun: boolean;
  readonly deleteUntagged: boolean;
  readonly despiteSha512: boolean;
  readonly drainSeconds: number;
  readonly waitSeconds: number;
  readonly by: string | undefined;
}

/**
 * @param argv - arguments
 * @returns the command
 * @throws LocalStackError that says what is wrong
 */
export function parseCollectCommand(argv: readonly string[]): CollectCommand {
  const values = parsed(argv);
  return {
    dryRun: values["dry-run"],
    deleteUntagged: values["delete-untagged"],
    despiteSha512: values["despite-sha512"],
    drainSeconds: secondsOf("--drain", values.drain),
    waitSeconds: secondsOf("--wait", values.wait),
    by: values.by,
  };
}

/**
 * @param command - what is asked for
 * @param program - the registry
 * @throws LocalStackError when that registry would lose what is needed
 */
export function refuseDangerous(
  { deleteUntagged }: CollectCommand,
  program: RegistryProgram,
): void {
  if (deleteUntagged && program.line === "2.8")
    throw new LocalStackError(
      `--delete-untagged: registry ${program.version} would delete the platform images of every index, ` +
        "which have no tags of their own; 3.x knows what an index needs",
    );
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        "dry-run": { type: "boolean", default: false },
        "delete-untagged": { type: "boolean", default: false },
        "despite-sha512": { type: "boolean", default: false },
        drain: { type: "string", default: "60" },
        wait: { type: "string", default: "120" },
        by: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new LocalStackError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function secondsOf(name: string, text: string): number {
  try {
    return durationSeconds(name, text, MOST_SECONDS);
  } catch (error) {
    if (error instanceof UsageError) throw new LocalStackError(`${error.message}\n\n${USAGE}`);
    throw error;
  }
}
