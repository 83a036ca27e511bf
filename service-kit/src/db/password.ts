import { readFile } from "node:fs/promises";
import { PASSWORD, secretFault, withoutLineBreak } from "../secret-form.js";
import type { Secret } from "../secret.js";

/**
 * Managed databases change passwords by themselves: a file of one is read anew for each connection. While it holds
 * nothing that could be one (it is being written, the volume is being mounted anew) the last one counts: with most
 * databases it goes on for a while.
 *
 * @param source - the password as it was at the start, and the file that it came from, if it did
 * @returns gives the password for a connection that is made now
 */
export function currentPassword({
  password,
  passwordFile = null,
}: {
  readonly password: Secret;
  readonly passwordFile?: string | null;
}): () => Promise<string> {
  let last = password.reveal();
  return async () => {
    if (passwordFile === null) return last;
    const text = await readFile(passwordFile, "utf8").then(withoutLineBreak, () => "");
    if (secretFault(text, PASSWORD) === null) last = text;
    return last;
  };
}
