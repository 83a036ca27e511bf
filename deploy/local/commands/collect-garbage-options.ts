import { parseArgs } from "node:util";
import { LocalStackError } from "../errors.js";
import type { RegistryProgram } from "../programs/registry-binary.js";

export const USAGE = `Removes what no manifest needs from the local stack's registry; pulls go on meanwhile

  [--dry-run] [--delete-untagged] [--drain SECONDS] [--wait SECONDS]
      --dry-run tells what would be removed; --delete-untagged (3.x alone) removes manifests without a tag;
      uploads that have begun may go on for --drain (60) seconds; after --wait (120) seconds it gives up`;

/** What is asked for. */
export interface CollectCommand {
  readonly dryRun: boolean;
  readonly deleteUntagged: boolean;
  readonly drainSeconds: number;
  readonly waitSeconds: number;
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
    drainSeconds: secondsOf("--drain", values.drain),
    waitSeconds: secondsOf("--wait", values.wait),
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
        drain: { type: "string", default: "60" },
        wait: { type: "string", default: "120" },
      },
    }).values;
  } catch (error) {
    throw new LocalStackError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function secondsOf(name: string, text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new LocalStackError(`${name}: given ${text}, wanted a number of seconds\n\n${USAGE}`);
}
