import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT } from "../exit/exit-codes.js";
import { CommandFault, UsageFault } from "../exit/faults.js";
import { examples } from "./examples.js";
import type { AddCommands, Shell } from "./shell.js";
import { verifyImage } from "./verify.js";

/** What needs the installation's database and files, so is run where those are. */
const PROGRAMS = {
  mode: {
    program: ["deploy/local/commands/command.mjs", "gateway/src/commands/mode/main.js"],
    compiled: "dist/gateway/src/commands/mode/main.js",
    summary: "make the registry read-only, and back",
    example: "wharf mode show",
  },
  gc: {
    program: ["deploy/local/commands/command.mjs", "deploy/local/commands/collect-garbage.js"],
    compiled: null,
    summary: "collect what nothing needs any more",
    example: "wharf gc --dry-run",
  },
  discover: {
    program: ["deploy/local/commands/command.mjs", "gateway/src/commands/discover/main.js"],
    compiled: "dist/gateway/src/commands/discover/main.js",
    summary: "compare ledger and registry now",
    example: "wharf discover --all --dry-run",
  },
  outbox: {
    program: ["deploy/local/commands/command.mjs", "gateway/src/commands/outbox/main.js"],
    compiled: "dist/gateway/src/commands/outbox/main.js",
    summary: "events that wait to be delivered",
    example: "wharf outbox list",
  },
} as const;
const VERIFY = {
  program: ["deploy/local/commands/audit.mjs", "verify"],
  compiled: "dist/audit-log/src/commands/main.js",
};

/** Commands that run beside the installation, and `verify`, which also does. */
export const addBeside: AddCommands = (program, run) => {
  for (const [name, { summary, example, ...what }] of Object.entries(PROGRAMS))
    program
      .command(`${name} [words...]`)
      .summary(summary)
      .description(
        `Runs where the installation is, with its variables: the same as npm run ${name === "gc" ? "collect-garbage" : name}, to which all words go. ` +
          `wharf ${name} -- --help shows which.`,
      )
      .option(
        "--installation <folder>",
        "where Wharfinger is; else the folder that wharf is in, else this one",
      )
      .allowUnknownOption()
      .addHelpText("after", examples(example))
      .action(
        run<{ installation?: string }>((shell, words, { installation }) =>
          passOn(shell, what, { words, installation: installation ?? null }),
        ),
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
      run<{ blobs?: boolean; installation?: string }>(async (shell, words, options) => {
        const [reference] = words;
        if (reference !== undefined && !reference.startsWith("-"))
          return verifyImage(shell, shell.reference(words), options.blobs === true);
        const installation = options.installation ?? null;
        return passOn(shell, VERIFY, { words, installation, failsWith: EXIT.VERIFICATION });
      }),
    );
};

async function passOn(
  shell: Shell,
  { program, compiled }: { readonly program: readonly string[]; readonly compiled: string | null },
  {
    words,
    installation,
    failsWith,
  }: {
    readonly words: readonly string[];
    readonly installation: string | null;
    readonly failsWith?: number;
  },
): Promise<null> {
  const root = rootOf(installation, shell.machine.env);
  const [script = "", ...first] = program;
  const file = existsSync(join(root, script))
    ? [join(root, script), ...first]
    : compiledIn(root, compiled, first);
  const child = spawn(process.execPath, [...file, ...words], {
    ...{ cwd: root, stdio: "inherit", env: shell.machine.env },
  });
  const [code] = (await once(child, "close")) as [number | null];
  process.exitCode = code === 1 && failsWith !== undefined ? failsWith : (code ?? EXIT.ERROR);
  return null;
}

function compiledIn(root: string, compiled: string | null, first: readonly string[]): string[] {
  if (compiled !== null && existsSync(join(root, compiled)))
    return [join(root, compiled), ...first];
  throw new CommandFault(`${root} has nothing compiled for that`, EXIT.ERROR, "npm run build");
}

function rootOf(installation: string | null, env: NodeJS.ProcessEnv): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const starts = installation === null ? [here, env["PWD"] ?? process.cwd()] : [installation];
  for (const start of starts)
    for (let folder = start; ; folder = dirname(folder)) {
      if (isRoot(folder)) return folder;
      if (installation !== null || folder === dirname(folder)) break;
    }
  throw new UsageFault(
    installation === null
      ? "Wharfinger is not installed here"
      : `${installation} is no installation of Wharfinger`,
    "run it beside the database, or say where: --installation FOLDER",
  );
}

function isRoot(folder: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name?: string;
    };
    return name === "wharfinger";
  } catch {
    return false;
  }
}
