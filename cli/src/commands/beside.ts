import { EXIT } from "../exit/exit-codes.js";
import { examples } from "./examples.js";
import { runBeside, withInstallation, type InstallationOption } from "./installation.js";
import type { AddCommands } from "./shell.js";
import { verifyImage } from "./verify.js";

/** `gc`, which runs beside the installation, and `verify`, which also does. */
export const addBeside: AddCommands = (program, run) => {
  withInstallation(program.command("gc [words...]"))
    .summary("collect what nothing needs any more")
    .description(
      "Runs where the installation is, with its variables: the same as npm run collect-garbage, to which all words go. " +
        "wharf gc -- --help shows which.",
    )
    .allowUnknownOption()
    .addHelpText("after", examples("wharf gc --dry-run"))
    .action(
      run<InstallationOption>((shell, words, options) => runBeside(shell, "gc", words, options)),
    );
  program
    .command("verify [reference] [words...]")
    .summary("an image's bytes; without one the audit log")
    .description(
      "With a reference: computes an image's digests anew, and compares them with the ledger. Without: verifies audit log, ledger " +
        "and registry where the installation is, as npm run verify. Ends with 6 when something is not as it should be.",
    )
    .option("--blobs", "read configuration and layers, too, not only whether they are there")
    .option("--installation <folder>", "where Wharfinger is, without a reference")
    .allowUnknownOption()
    .addHelpText("after", examples("wharf verify alpha/app:1.0 --blobs", "wharf verify"))
    .action(
      run<InstallationOption & { blobs?: boolean }>(async (shell, words, options) => {
        const [reference] = words;
        if (reference !== undefined && !reference.startsWith("-"))
          return verifyImage(shell, shell.reference(words), options.blobs === true);
        return runBeside(shell, "verify", words, { ...options, failsWith: EXIT.VERIFICATION });
      }),
    );
};
