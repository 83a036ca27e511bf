import type { Argument, Command, Option } from "commander";

/** Something that could stand there. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What else could be meant than commands and options: of an argument by its name, or of an option's value. */
export type Values = (name: string) => readonly string[];

/**
 * @param program - all commands
 * @param words - the words behind the program's name, the last one as far as it is typed
 * @param values - what is known of values
 * @returns what could stand in the last word's place
 */
export function candidates(
  program: Command,
  words: readonly string[],
  values: Values,
): readonly Candidate[] {
  const typed = words.at(-1) ?? "";
  const { command, operands, waiting } = walk(program, words.slice(0, -1));
  const found =
    waiting === null
      ? positions(program, command, { typed, operands, values })
      : ofOption(waiting, values);
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

function positions(
  program: Command,
  command: Command,
  at: { readonly typed: string; readonly operands: number; readonly values: Values },
): readonly Candidate[] {
  if (at.typed.startsWith("-"))
    return optionsOf(program, command)
      .filter((option) => !option.hidden)
      .map((option) => ({
        word: option.long ?? option.short ?? "",
        description: option.description,
      }));
  const commands = command.commands
    .filter((one) => !hidden(one))
    .map((one) => ({ word: one.name(), description: one.summary() || one.description() }));
  const argument = command.registeredArguments[at.operands] ?? command.registeredArguments.at(-1);
  return [...commands, ...ofArgument(argument, at.values)];
}

function ofArgument(argument: Argument | undefined, values: Values): readonly Candidate[] {
  if (argument === undefined) return [];
  return (argument.argChoices ?? values(argument.name())).map(bare);
}

function ofOption(option: Option, values: Values): readonly Candidate[] {
  return (option.argChoices ?? values(option.long ?? "")).map(bare);
}

function bare(word: string): Candidate {
  return { word, description: "" };
}

function optionsOf(program: Command, command: Command): readonly Option[] {
  return [...command.options, ...(command === program ? [] : program.options)];
}

function hidden(command: Command): boolean {
  return (command as Command & { readonly _hidden?: boolean })._hidden === true;
}
