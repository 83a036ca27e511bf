import { KNOWN_VARIABLES, OUR_PREFIXES } from "./known-variables.js";

/** Shorter names are a letter away from too many others. */
const FEWEST_CHARACTERS = 7;
/** So many characters for every one that may be wrong. */
const CHARACTERS_PER_MISTAKE = 5;
const MOST_MISTAKES = 3;

/** What every program understands, and is none of ours however near it comes. */
const PROXIES = /^(?:HTTP|HTTPS|FTP|ALL|NO)_PROXY$/i;

/**
 * What Kubernetes (and Docker's links) put into every container for each service, which may be called `token-server`
 * or `db`: Kubernetes documentation, "Discovering services", "Environment variables".
 */
const INJECTED_NAME =
  /_SERVICE_(?:HOST|PORT)(?:_[A-Z0-9_]+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;
const INJECTED_ADDRESS = /^(?:tcp|udp|sctp):\/\//;

/** A variable that nobody reads although it looks as if somebody should. */
export interface UnknownVariable {
  readonly name: string;
  /** The name that was probably meant. */
  readonly nearest: string;
}

/**
 * A misspelt setting is no setting: what it was to close would stand open.
 *
 * @param env - environment variables; empty ones count as absent
 * @param known - further names that are read, besides {@link KNOWN_VARIABLES}
 * @returns those that look like ours and are not
 */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: ReadonlySet<string> = new Set(),
): UnknownVariable[] {
  const names = [...new Set([...KNOWN_VARIABLES, ...known])];
  const given = Object.entries(env).filter(([name, value]) => {
    const isOthers = PROXIES.test(name) || isInjected(name, value ?? "");
    return value !== undefined && value.trim() !== "" && !names.includes(name) && !isOthers;
  });
  return given.flatMap(([name]) => {
    const [nearest, mistakes] = nearestOf(name.toUpperCase(), names);
    const isNear =
      name.length >= FEWEST_CHARACTERS &&
      mistakes <= Math.min(MOST_MISTAKES, Math.floor(nearest.length / CHARACTERS_PER_MISTAKE));
    const isOurs = OUR_PREFIXES.some((prefix) => name.toUpperCase().startsWith(prefix));
    return isNear || isOurs ? [{ name, nearest }] : [];
  });
}

function isInjected(name: string, value: string): boolean {
  return INJECTED_NAME.test(name) || (name.endsWith("_PORT") && INJECTED_ADDRESS.test(value));
}

function nearestOf(name: string, names: readonly string[]): readonly [string, number] {
  return names
    .map((candidate) => [candidate, distance(name, candidate)] as const)
    .reduce((best, one) => (one[1] < best[1] ? one : best));
}

/** Fewest characters to put in, take out, replace or swap with the next one (optimal string alignment). */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      line.push(
        Math.min(
          at(above, column) + 1,
          at(line, column - 1) + 1,
          at(above, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(before, column - 2) + 1 : Infinity,
        ),
      );
    }
    before = above;
    above = line;
  }
  return at(above, other.length);
}

function at(line: readonly number[], index: number): number {
  return line[index] ?? Infinity;
}
