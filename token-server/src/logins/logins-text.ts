import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { YamlFileError } from "#service-kit/yaml-file.js";

/** The logins file as it is at one moment, with what else its content depends on. */
export interface LoginsText {
  readonly yaml: string;
  /** What stands under each key, before it is checked. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** Of the files that it names and that nobody else follows: paths and hashes. */
  readonly files: string;
}

/** Stands in no YAML. */
const SEPARATOR = "\0";

/** Files that are read when a part is made. Password files and issuers' keys are followed by those who use them. */
const namesFiles = z.object({
  machines: z.object({ certificatesFile: z.string() }).partial().optional(),
  ldap: z.object({ caFile: z.string(), bindPasswordFile: z.string() }).partial().optional(),
});

/**
 * @param path - the logins file
 * @returns its content, and behind it hashes of the files that it names, so that a change of one of them is a change of
 *   the whole; {@link splitLoginsText} takes it apart
 * @throws what reading throws, when the file itself cannot be read
 */
export async function readLoginsText(path: string): Promise<string> {
  const yaml = await readFile(path, "utf8");
  if (yaml.includes(SEPARATOR))
    throw new YamlFileError([`${path}: holds a character that is none`]);
  const named = namesFiles.safeParse(sectionsOf(yaml)).data;
  const files = [
    named?.machines?.certificatesFile,
    named?.ldap?.caFile,
    named?.ldap?.bindPasswordFile,
  ].filter((file) => file !== undefined);
  const prints = await Promise.all(files.map((file) => fingerprint(resolve(dirname(path), file))));
  return [yaml, ...prints].join(SEPARATOR);
}

/**
 * @param text - result of {@link readLoginsText}
 * @returns its parts
 */
export function splitLoginsText(text: string): LoginsText {
  const [yaml = "", ...prints] = text.split(SEPARATOR);
  return { yaml, sections: sectionsOf(yaml), files: prints.join("\n") };
}

function sectionsOf(yaml: string): Readonly<Record<string, unknown>> {
  try {
    return z.record(z.string(), z.unknown()).safeParse(parse(yaml)).data ?? {};
  } catch {
    // What is no YAML is told when it is checked.
    return {};
  }
}

async function fingerprint(path: string): Promise<string> {
  const content = await readFile(path).catch(() => null);
  return `${path} ${content === null ? "absent" : createHash("sha256").update(content).digest("hex")}`;
}
