import { isConfiguration } from "./exit-code.js";

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * @param parse - has Node read the arguments
 * @returns what it read
 * @throws UsageError where Node does not understand them
 */
export function understood<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Runs a command to its end, or tells how it is used (`--help`): its exit code is the process's, and 2 when it could not be carried out. What went
 * wrong is told on standard error, with the usage when that is what went wrong.
 *
 * @param work - carries it out and returns the exit code
 * @param texts - how it is used, and what is said of a failure whose own message may not say it
 */
export async function runCommand(
  work: () => Promise<number>,
  { usage, failure }: { readonly usage: string; readonly failure: string },
): Promise<void> {
  // A reader such as `head` may leave before the end.
  process.stdout.on("error", () => process.exit(0));
  if (wantsHelp(process.argv.slice(2))) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = await work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    if (error instanceof UsageError) console.error(`\n${usage}`);
    // What is wrong in the configuration says so itself.
    else if (!isConfiguration(error)) console.error(failure);
    process.exitCode = 2;
  }
}

/**
 * @param argv - arguments
 * @returns whether they ask how the command is used
 */
export function wantsHelp(argv: readonly string[]): boolean {
  return argv.includes("--help") || argv.includes("-h") || argv[0] === "help";
}
