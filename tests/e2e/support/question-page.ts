import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const FILE = join(REPOSITORY_ROOT, "docs/audit-questions.md");
const isRecording = process.env["RECORD_ANSWERS"] === "1";

/** A question of the page. */
export interface PageQuestion {
  readonly title: string;
  /** What stands behind `npm run --silent`, as words. */
  readonly words: readonly string[];
  /** What the page says that it answers. */
  readonly answer: string;
}

/** A moment of the history, as the page names it. */
export interface PageMoment {
  readonly at: string;
  readonly what: string;
}

const SECTION = /^## (.+)\n(?:(?!^## )[^])*?^```console\n\$ npm run --silent (.+)\n([^]*?)^```$/gm;

const COUNTED = /^[a-z]+\.[a-z-]+ 0 TIME TIME$/;

/** @returns the page as it is written */
export function readPage(): {
  readonly questions: readonly PageQuestion[];
  readonly moments: readonly PageMoment[];
} {
  const text = readFileSync(FILE, "utf8");
  const questions = [...text.matchAll(SECTION)].map(
    ([, title = "", command = "", answer = ""]) => ({
      ...{ title, answer },
      words: command.split(" "),
    }),
  );
  const moments = [...text.matchAll(/^\| `([^`]+)` +\| (.+?) +\|$/gm)].map(
    ([, at = "", what = ""]) => ({ at, what }),
  );
  return { questions, moments };
}

/**
 * @param text - an answer
 * @returns it without what is another one each time: times, digests, numbers, how far columns are apart; lines in any order. What entries have
 *   in detail, and how many there are of which kind, is for other tests.
 */
export function formOfAnswer(text: string): readonly string[] {
  const lines = text
    .replace(/(?:sha256:)?\b[0-9a-f]{8,}(?:…|\b)/g, "DIGEST")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/key \S+$/gm, "KEY")
    .replace(/ +/g, " ")
    .replace(/\d+/g, "0")
    .split("\n")
    .map((line) => line.trim().replace(/ \{.*$/, ""))
    .filter((line) => line !== "" && !COUNTED.test(line));
  return [...new Set(lines)].sort();
}

/**
 * With `RECORD_ANSWERS=1` the page gets what was answered, and the moments at which it happened.
 *
 * @param answers - by title of their question
 * @param moments - as the page has them, and when they were
 */
export function recordAnswers(
  answers: ReadonlyMap<string, string>,
  moments: readonly (PageMoment & { readonly was: string })[],
): void {
  if (!isRecording) return;
  const written = readFileSync(FILE, "utf8").replace(SECTION, (section, title: string) => {
    const answer = answers.get(title);
    if (answer === undefined) return section;
    const begin = section.indexOf("\n", section.indexOf("\n$ ") + 1);
    const shown = answer.replace(/\b([0-9a-f]{8})[0-9a-f]{56}\b/g, "$1…").replace(/\n+$/, "");
    return `${section.slice(0, begin)}\n${shown}\n\`\`\``;
  });
  // Of the moments in commands and in the table; those in answers are others by now.
  const text = moments.reduce((page, { at, was }) => page.replaceAll(at, was), written);
  writeFileSync(FILE, text);
}
