import { DURATION_FORMS } from "./duration.js";
import { TIME_FORMS } from "./point-in-time.js";

/** What `--help` of a command says, in the same order for each. */
export interface UsageText {
  /** What the command is about. */
  readonly about: string;
  /** How it is called on a machine with the sources, such as `npm run outbox --`. */
  readonly call: string;
  /** Its program below `dist`, as an image has it, with what has to come first; `null`: it is for this machine alone. */
  readonly program: string | null;
  /** Its words and options, with what they do. */
  readonly forms: string;
  /** What may follow {@link call}. */
  readonly examples: readonly string[];
  /** Exit codes. */
  readonly ends: string;
  /** Variables that it reads. */
  readonly environment: string;
}

/**
 * @param text - what is particular to the command
 * @returns what `--help` prints
 */
export function usageOf(text: UsageText): string {
  const { about, call, program, forms, examples, ends, environment } = text;
  return [
    about,
    "",
    forms,
    "",
    ...meanings(forms),
    "Examples:",
    ...examples.map((example) => `  ${call} ${example}`.trimEnd()),
    "",
    `Ends with ${ends}.`,
    `Environment: ${environment}`,
    ...(program === null ? [] : [`In an image: node dist/${program}`]),
  ].join("\n");
}

/** What the words in capitals mean that every command understands in the same way. */
function meanings(forms: string): string[] {
  const lines = [
    ...(forms.includes("DURATION") ? [`DURATION: ${DURATION_FORMS}`] : []),
    ...(forms.includes("TIME") ? [`TIME: ${TIME_FORMS}`] : []),
  ];
  return lines.length === 0 ? [] : [...lines, ""];
}
