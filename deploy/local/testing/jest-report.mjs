import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { root } from "../set-up/run.mjs";

const SLOWEST = 10;
const LINES_OF_A_FAILURE = 25;

/**
 * @param {readonly object[]} runs - what jest wrote with --json, one for each run
 * @returns {string[]} lines: the files that took longest, then what failed; the last of a long output is what is read
 */
export function reportOf(runs) {
  const files = runs.flatMap(({ testResults }) => testResults);
  return [...slowest(files), ...files.flatMap(failuresOf)];
}

function slowest(files) {
  const timed = files
    .map((file) => ({ name: nameOf(file), seconds: (file.endTime - file.startTime) / 1_000 }))
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  if (timed.length === 0) return [];
  const lines = timed.map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`);
  return ["", `the ${timed.length} slowest files:`, ...lines];
}

function failuresOf(file) {
  const failed = file.assertionResults.filter(({ status }) => status === "failed");
  if (failed.length === 0)
    return file.status === "failed"
      ? ["", `FAILED ${nameOf(file)}`, ...indented(file.message)]
      : [];
  return failed.flatMap(({ fullName, failureMessages }) => [
    "",
    `FAILED ${nameOf(file)}: ${fullName}`,
    ...indented(failureMessages.join("\n")),
  ]);
}

function nameOf({ name }) {
  return relative(root, name);
}

function indented(message) {
  const lines = stripVTControlCharacters(message)
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+at .*(node_modules|node:)/.test(line));
  const more = lines.length - LINES_OF_A_FAILURE;
  return [
    ...lines.slice(0, LINES_OF_A_FAILURE).map((line) => `    ${line}`),
    ...(more > 0 ? [`    … ${more} lines more`] : []),
  ];
}
