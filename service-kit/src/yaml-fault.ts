import { Fault } from "#registry-protocol/faults.js";
import { YamlFileError } from "./yaml-file.js";

const MOST_FAULTS = 20;
const MOST_CHARACTERS = 2_000;

/**
 * @param error - what reading a file's text threw, which came with a request
 * @returns the fault to throw: what is wrong in which line, the first faults of many; anything else as it is
 */
export function yamlFault(error: unknown): unknown {
  if (!(error instanceof YamlFileError)) return error;
  const { faults } = error;
  const left = faults.length - MOST_FAULTS;
  const said = [...faults.slice(0, MOST_FAULTS), ...(left > 0 ? [`and ${left} more`] : [])];
  return new Fault("REQUEST_INVALID", { message: said.join("; ").slice(0, MOST_CHARACTERS) });
}
