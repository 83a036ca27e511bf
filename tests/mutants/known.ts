import { readFileSync } from "node:fs";
import { join } from "node:path";
import { insteadOf, type Guard } from "./guard.js";

/** Survivors that stay, a line each, with the reason. */
export const KNOWN_FILE = "tests/mutants/known.md";

const LINE = /^- \S+: (`+)(?!`).+?(?<!`)\1(?!`) → (`+)(?!`).+?(?<!`)\2(?!`): (.+)$/;

/**
 * @param mutant - one that nobody noticed
 * @returns how it is written in {@link KNOWN_FILE}, without a reason
 */
export function lineOf({ file, text, removal }: Pick<Guard, "file" | "text" | "removal">): string {
  return `- ${file}: ${code(text)} → ${code(insteadOf(removal))}`;
}

/** With more backticks around it than there are in it. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([found]) => found.length));
  const quote = "`".repeat(longest + 1);
  const inner = text === "" ? "no words" : text;
  return /^`|`$/.test(inner) ? `${quote} ${inner} ${quote}` : `${quote}${inner}${quote}`;
}

/**
 * @param markdown - text of {@link KNOWN_FILE}
 * @returns reasons, by what {@link lineOf} says of a mutant
 */
export function reasonsIn(markdown: string): ReadonlyMap<string, string> {
  return new Map(
    markdown.split("\n").flatMap((line): [string, string][] => {
      const reason = LINE.exec(line)?.[3];
      return reason === undefined ? [] : [[line.slice(0, -reason.length - 2), reason]];
    }),
  );
}

/**
 * @param root - of the repository
 * @returns reasons of the survivors that stay
 */
export function knownReasons(root: string): ReadonlyMap<string, string> {
  return reasonsIn(readFileSync(join(root, KNOWN_FILE), "utf8"));
}
