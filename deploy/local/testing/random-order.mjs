import { randomInt } from "node:crypto";

const MOST = 2 ** 31 - 1;

/**
 * In which order the tests of a file run.
 *
 * @param {string} [setting] - of the variable SEED: `any`, or the number that an earlier run has printed
 * @returns {{ seed: number, isForAll: boolean }} what jest shuffles by, and whether all tests are shuffled, or unit tests alone
 * @throws {Error} when the setting is neither
 */
export function randomOrder(setting = "") {
  const isForAll = setting !== "";
  if (!isForAll || setting === "any") return { seed: randomInt(MOST), isForAll };
  const seed = Number(setting);
  if (!/^\d+$/.test(setting) || seed > MOST)
    throw new Error(`SEED is "${setting}"; wanted is a whole number up to ${MOST}, or "any"`);
  return { seed, isForAll };
}

/**
 * @param {{ seed: number, isForAll: boolean }} order - of all tests
 * @param {string} run - name of a run of jest
 * @returns {string[]} what jest is told
 */
export function orderFor({ seed, isForAll }, run) {
  return isForAll || run === "unit" ? ["--randomize", `--seed=${seed}`] : [];
}
