import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Secret } from "#service-kit/secret.js";
import { DeliveryError } from "../events/sink.js";

/** Gives a secret as it is now; files of secrets change while the process runs. */
export type SecretSource = () => Promise<Secret>;

/**
 * @param path - a file
 * @returns its content, read whenever it is asked for
 */
export function secretFile(path: string): SecretSource {
  return async () => {
    try {
      return new Secret((await readFile(path, "utf8")).trim());
    } catch {
      throw new DeliveryError(`${path} cannot be read`);
    }
  };
}

/**
 * @param path - a file
 * @param faultIn - says what is wrong with its content, or `null`
 * @returns what is wrong with the file, or `null`; never the content
 */
export function secretFileFault(
  path: string,
  faultIn: (content: string) => string | null,
): string | null {
  try {
    return faultIn(readFileSync(path, "utf8").trim());
  } catch {
    return `wanted a file that can be read: ${path}`;
  }
}
