import { readFile } from "node:fs/promises";
import { Secret } from "#service-kit/secret.js";
import { secretFault, withoutLineBreak, type SecretForm } from "#service-kit/secret-form.js";
import { DeliveryError } from "../events/sink.js";

/** Gives a secret as it is now; files of secrets change while the process runs. */
export type SecretSource = () => Promise<Secret>;

/**
 * @param path - a file
 * @param form - what its content has to look like
 * @returns its content, read whenever it is asked for; with a file that is no good any more nothing is delivered
 */
export function secretFile(path: string, form: SecretForm): SecretSource {
  return async () => {
    const text = await readFile(path, "utf8").then(withoutLineBreak, () => null);
    if (text === null) throw new DeliveryError(`${path} cannot be read`);
    const fault = secretFault(text, form);
    if (fault !== null) throw new DeliveryError(`${path}: ${fault}`);
    return new Secret(text);
  };
}
