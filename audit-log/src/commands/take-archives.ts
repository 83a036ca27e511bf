import { UsageError } from "#service-kit/command.js";

/**
 * What has left for archives can be read by every command that reads the log.
 *
 * @param argv - arguments
 * @returns the folder of archives that they name, and the others
 * @throws UsageError where it is named without a folder
 */
export function takeArchives(argv: readonly string[]): {
  readonly archives: string | null;
  readonly rest: readonly string[];
} {
  const at = argv.findIndex((arg) => arg === "--archives" || arg.startsWith("--archives="));
  if (at < 0) return { archives: null, rest: argv };
  const isOne = argv[at] !== "--archives";
  const archives = isOne ? argv[at]?.slice("--archives=".length) : argv[at + 1];
  if (archives === undefined || archives === "" || archives.startsWith("--"))
    throw new UsageError("--archives: wanted a folder");
  return { archives, rest: argv.filter((_, index) => index !== at && (isOne || index !== at + 1)) };
}
