import type { Argument, Command, Option } from "commander";

/** Something that could stand there. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What else could be meant than commands and options: of an argument by its name, or of an option's value. */
export type Values = (name: string, typed: string) => Promise<readonly string[]>;

/**
 * @param program - all commands
 * @param words - the words behind the program's name, the last one as far as it is typed
 * @param values - what is known of values
 * @returns what could stand in the last word's place
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  values: Values,
): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? "";
  const { command, operands, waiting } = walk(program, words.slice(0, -1));
  const found =
    waiting === null
      ? await positions(program, command, { typed, operands, values })
      : await named(waiting.long ?? "", waiting.argChoices, { typed, values });
  return found.filter(({ word }) => word.startsWith(typed));
}

interface Walked {
  readonly command: Command;
  /** How many words are arguments of that command. */
  readonly operands: number;
  /** The option whose value comes next. */
  readonly waiting: Option | null;
}

function walk(program: Command, words: readonly string[]): Walked {
  let walked: Walked = { command: program, operands: 0, waiting: null };
  for (const word of words) {
    const { command, operands, waiting } = walked;
    if (waiting !== null) {
      walked = { ...walked, waiting: null };
      continue;
    }
    if (word.startsWith("-")) {
      const option = optionsOf(program, command).find(
        (one) => one.short === word || one.long === word,
      );
      walked = {
        ...walked,
        waiting: option?.required === true || option?.optional === true ? option : null,
      };
      continue;
    }
    const next = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    );
    walked =
      next !== undefined && operands === 0
        ? { command: next, operands: 0, waiting: null }
        : { ...walked, operands: operands + 1 };
  }
  return walked;
}

async function positions(
  program: Command,
  command: Command,
  at: { readonly typed: string; readonly operands: number; readonly values: Values },
): Promise<readonly Candidate[]> {
  if (at.typed.startsWith("-"))
    return optionsOf(program, command)
      .filter((option) => !option.hidden)
      .map(({ long, short, description }) => ({ word: long ?? short ?? "", description }));
  const commands = command.commands
    .filter((one) => !isHidden(one))
    .map((one) => ({ word: one.name(), description: one.summary() || one.description() }));
  const argument = command.registeredArguments[at.operands] ?? lastOf(command);
  if (argument === undefined) return commands;
  return [...commands, ...(await named(argument.name(), argument.argChoices, at))];
}

/** Of arguments the last one may be repeated. */
function lastOf({ registeredArguments }: Command): Argument | undefined {
  const last = registeredArguments.at(-1);
  return last?.variadic === true ? last : undefined;
}

async function named(
  name: string,
  choices: readonly string[] | undefined,
  at: { readonly typed: string; readonly values: Values },
): Promise<readonly Candidate[]> {
  return (choices ?? (await at.values(name, at.typed))).map(bare);
}

function bare(word: string): Candidate {
  return { word, description: "" };
}

function optionsOf(program: Command, command: Command): readonly Option[] {
  return [...command.options, ...(command === program ? [] : program.options)];
}

function isHidden(command: Command): boolean {
  return (command as Command & { readonly _hidden?: boolean })._hidden === true;
}
