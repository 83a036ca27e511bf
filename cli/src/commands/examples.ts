/**
 * @param commands - command lines
 * @returns them as the end of a help
 */
export function examples(...commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ ${command}`).join("\n")}`;
}
