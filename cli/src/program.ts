import { Command, CommanderError, type Argument } from "commander";
import { addAudit } from "./commands/audit.js";
import { addBeside } from "./commands/beside.js";
import { addChanging } from "./commands/changing.js";
import { addCompletion } from "./commands/completion.js";
import { addContents } from "./commands/contents.js";
import { addContext } from "./commands/context.js";
import { addCredentialHelper } from "./commands/docker-credentials.js";
import { addDescribe } from "./commands/describe.js";
import { addDiff } from "./commands/diff.js";
import { addDirectory } from "./commands/directory.js";
import { addDiscover } from "./commands/discover.js";
import { addDoctor } from "./commands/doctor.js";
import { addExplain } from "./commands/explain.js";
import { addHappenings } from "./commands/happenings.js";
import { addInUse } from "./commands/in-use.js";
import { addInspect } from "./commands/inspect.js";
import { addInstallation } from "./commands/about-installation.js";
import { addLogin } from "./commands/login.js";
import { addMode } from "./commands/mode.js";
import { addNames } from "./commands/names.js";
import { addOutbox } from "./commands/outbox.js";
import { addPolicy } from "./commands/policy.js";
import { addPulls } from "./commands/pulls.js";
import { addReferrers } from "./commands/referrers.js";
import { addRegistries } from "./commands/registries.js";
import { addRelated } from "./commands/related.js";
import { addRepositories } from "./commands/repositories.js";
import { addRobots } from "./commands/robots.js";
import { addServices } from "./commands/services.js";
import { runIn, type AddCommands, type Surroundings } from "./commands/shell.js";
import { addTags } from "./commands/tags.js";
import { addTokens } from "./commands/tokens.js";
import { addWatch } from "./commands/watch.js";
import { addWhoCan } from "./commands/who-can.js";
import { oneOf } from "./commands/words.js";
import { EXIT, type ExitCode } from "./exit/exit-codes.js";
import { CommandFault } from "./exit/faults.js";
import { FORMS } from "./output/shown.js";
import { printable, styled } from "./output/text.js";

/** Commands as `--help` lists them. */
const GROUPS: readonly (readonly [title: string, commands: readonly AddCommands[]])[] = [
  [
    "What there is:",
    [addNames, addRegistries, addRepositories, addTags, addDescribe, addPulls, addInUse],
  ],
  ["Inside of images:", [addInspect, addDiff, addContents, addReferrers, addRelated]],
  ["What happens:", [addHappenings, addWatch, addAudit]],
  ["What changes:", [addChanging]],
  ["Rights:", [addExplain, addWhoCan, addPolicy, addRobots, addServices, addDirectory, addTokens]],
  ["For whoever runs it:", [addInstallation, addMode, addDiscover, addOutbox, addBeside]],
  ["This machine:", [addLogin, addContext, addDoctor, addCompletion, addCredentialHelper]],
];

/**
 * @param surroundings - this machine
 * @returns all commands
 */
export function makeProgram(surroundings: Surroundings): Command {
  const program = new Command("wharf");
  const { terminal } = surroundings;
  program
    .description(
      "The command line of Wharfinger: what a registry has, who may do what with it, and what happened there.",
    )
    .version(surroundings.version, "-V, --version", "print the version")
    .option("-o, --output <form>", FORMS.join(", "), oneOf(FORMS))
    .option("--context <name>", "registry by its name (wharf context list)")
    .option("--url <url>", "the gateway; else WHARF_URL")
    .option("--token-file <file>", "token or user:password, - is standard input; else WHARF_TOKEN")
    .option("--web", "open the registry's page in a browser instead")
    .option("--verbose", "tell each request on standard error")
    .helpOption("-h, --help", "show what can be said")
    .helpCommand("help [command]", "the same")
    .showHelpAfterError(false)
    .configureHelp({
      ...{ showGlobalOptions: true, helpWidth: terminal.width ?? 100, minWidthToWrap: 20 },
      // Every command has options, and some take more words; only what it must be given is worth a place in a list.
      subcommandTerm: (command) =>
        [
          command.name(),
          ...command.registeredArguments.filter(({ required }) => required).map(wordOf),
        ].join(" "),
    })
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      writeErr: (text) => void terminal.err.write(text),
      outputError: (text, write) => {
        write(`wharf: ${text.replace(/^error: /, "").trimEnd()}\n`);
      },
    })
    .exitOverride()
    .addHelpText("after", FOOT);
  const run = runIn(surroundings);
  for (const [title, commands] of GROUPS) {
    program.commandsGroup(title);
    for (const add of commands) add(program, run);
  }
  return program;
}

function wordOf(argument: Argument): string {
  return `<${argument.name()}${argument.variadic ? "..." : ""}>`;
}

const FOOT = `
Results go to standard output, a table on a terminal and tab-separated values in
a pipe, if -o does not say; everything else goes to standard error.
Ends with 0 done, 1 failed, 2 wrong command line, 3 not found, 4 denied,
5 conflict, 6 not verified.`;

/**
 * @param surroundings - this machine
 * @param words - the command line behind the program's name
 * @returns what the process ends with
 */
export async function runProgram(
  surroundings: Surroundings,
  words: readonly string[],
): Promise<ExitCode> {
  const program = makeProgram(surroundings);
  inherit(program);
  try {
    await program.parseAsync(words, { from: "user" });
    return (process.exitCode as ExitCode | undefined) ?? EXIT.OK;
  } catch (error) {
    return told(surroundings, error);
  }
}

function told({ terminal }: Surroundings, error: unknown): ExitCode {
  // Commander has said what is wrong, or printed the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
  const mark = styled("red", "wharf:", terminal.hasColours && terminal.showsProgress);
  if (error instanceof CommandFault) {
    terminal.err.write(`${mark} ${printable(error.message)}\n`);
    if (error.hint !== null) terminal.err.write(`  ${printable(error.hint)}\n`);
    return error.exitCode;
  }
  const isForm = error instanceof Error && error.name === "ZodError";
  const what = isForm
    ? "the answer is not of the form that this wharf knows: is the gateway older or newer?"
    : error instanceof Error
      ? error.message
      : "failed";
  terminal.err.write(`${mark} ${printable(what)}\n`);
  return EXIT.ERROR;
}

/** Commander gives settings to those commands alone that are made by it; groups within groups get theirs here. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inherit(child);
  }
}
