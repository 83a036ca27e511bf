import { ConfigError } from "./config.js";
import { YamlFileError } from "./yaml-file.js";

/**
 * Runs a service. What is wrong with its settings is told in the operator's words, anything else as it is; then the
 * process ends with 1.
 *
 * @param main - reads the settings, and runs until the process is told to end
 */
export async function startService(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const isOperators = error instanceof ConfigError || error instanceof YamlFileError;
    console.error(isOperators ? error.message : error);
    process.exit(1);
  }
}
