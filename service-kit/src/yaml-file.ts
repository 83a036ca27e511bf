import { readFileSync } from "node:fs";
import { LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { codeOf } from "./error-code.js";

/** A YAML file that cannot be used; every fault with the line it is on. */
export class YamlFileError extends Error {
  override readonly name = "YamlFileError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

/**
 * Reads and checks a YAML file.
 *
 * @param path - the file
 * @param schema - what it has to be; use strict objects, so that a misspelt key is refused
 * @returns the checked content
 * @throws YamlFileError with lines `path:line: key: what is wrong`
 */
export function readYamlFile<T>(path: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new YamlFileError([`${path}: cannot be read${codeOf(error)}`]);
  }
  return parseYaml(path, text, schema);
}

/**
 * @param name - name of the text for messages
 * @param text - YAML 1.2
 * @param schema - what it has to be
 * @returns the checked content
 * @throws YamlFileError with lines `name:line: key: what is wrong`
 */
export function parseYaml<T>(name: string, text: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0)
    throw new YamlFileError(
      syntax.map(
        ({ pos, message }) => `${name}:${lines.linePos(pos[0]).line}: ${firstLine(message)}`,
      ),
    );
  const checked = schema.safeParse(document.toJS());
  if (checked.success) return checked.data;
  throw new YamlFileError(
    checked.error.issues.map((issue) => {
      const path = issue.path.map((key) => (typeof key === "symbol" ? key.toString() : key));
      const key = path.length === 0 ? "" : `${path.join(".")}: `;
      return `${name}:${lineOf(document, path, lines)}: ${key}${issue.message}`;
    }),
  );
}

/** Line of the deepest part of `path` that exists: a missing key is reported where it should stand. */
function lineOf(
  document: Document,
  path: readonly (string | number)[],
  lines: LineCounter,
): number {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node: unknown =
      depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    const start = rangeStart(node);
    if (start !== null) return lines.linePos(start).line;
  }
  return 1;
}

function rangeStart(node: unknown): number | null {
  if (typeof node !== "object" || node === null || !("range" in node)) return null;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : null;
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? message;
}
