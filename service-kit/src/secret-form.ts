import { readFileSync } from "node:fs";
import { codeOf } from "./error-code.js";

/** What a secret has to look like, so that it protects and arrives as it was written. */
export interface SecretForm {
  /** What is wanted, for whoever configures it. */
  readonly wanted: string;
  readonly accepts: (text: string) => boolean;
}

/** Fewest characters of a secret that two of our own parts share and that strangers could guess at. */
const LEAST_SHARED_CHARACTERS = 16;

/** Shown in an HTTP header by somebody who was told it: RFC 6750 takes no blanks, and Node trims what is around. */
export const SHARED_SECRET: SecretForm = {
  wanted: `at least ${LEAST_SHARED_CHARACTERS} printable ASCII characters without blanks`,
  accepts: (text) => /^[!-~]+$/.test(text) && text.length >= LEAST_SHARED_CHARACTERS,
};

/** A token that another service made: its length is that service's affair. */
export const BEARER_TOKEN: SecretForm = {
  wanted: "printable ASCII characters without blanks",
  accepts: (text) => /^[!-~]+$/.test(text),
};

/** A password for another service. An empty one logs nobody in, or, with LDAP (RFC 4513, 5.1.2), nobody in particular. */
export const PASSWORD: SecretForm = {
  wanted: "at least one character, and no control characters",
  accepts: (text) => /^[^\p{Cc}\p{Cs}]+$/u.test(text),
};

/** PEM (RFC 7468), of one key or several. */
export const PEM: SecretForm = {
  wanted: "PEM, beginning with -----BEGIN",
  accepts: (text) => /^-----BEGIN [A-Z0-9 ]+-----\s/m.test(text),
};

/**
 * @param text - a secret
 * @param form - what it has to look like
 * @returns what is wrong with it, which never repeats any of it; `null` when it is good
 */
export function secretFault(text: string, form: SecretForm): string | null {
  if (form.accepts(text)) return null;
  const given = text.trim() === "" ? "an empty one" : "one of another form";
  return `given ${given}, wanted ${form.wanted}`;
}

/** A file's secret, or what is wrong with it. */
export type SecretOfFile =
  { readonly text: string; readonly fault: null } | { readonly text: null; readonly fault: string };

/**
 * Reads a secret as editors and orchestrators write it: one line break at the end is theirs.
 *
 * @param path - the file
 * @param form - what it has to look like
 * @returns the secret, or what is wrong, which names the file and never repeats what is in it
 */
export function secretOfFile(path: string, form: SecretForm): SecretOfFile {
  let text: string;
  try {
    text = withoutLineBreak(readFileSync(path, "utf8"));
  } catch (error) {
    return {
      text: null,
      fault: `given ${JSON.stringify(path)}, wanted a file that can be read${codeOf(error)}`,
    };
  }
  const fault = secretFault(text, form);
  return fault === null ? { text, fault } : { text: null, fault: `${path}: ${fault}` };
}

/**
 * @param text - content of a file
 * @returns it without the one line break at its end
 */
export function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, "");
}
