import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { EnvReader } from "#service-kit/config.js";
import { printable } from "./printable.js";

/** Who changed what decides, as far as anybody says so. */
export interface SaidAuthor {
  readonly changedBy?: string;
  readonly saidBy?: "deployment" | "file beside it";
}

const MOST_CHARACTERS = 200;
const LINE = /^([0-9a-f]{64})[ \t]+(\S[^\r\n]*)/;

/**
 * @param read - reader that collects faults
 * @returns who deploys this service, and what; `null`: nobody says so
 */
export function readChangedBy(read: EnvReader): string | null {
  const text = read.optionalText("CHANGED_BY", {
    meaning:
      "who deploys this, and what, such as a person and a commit: on record beside settings and files that are others at a start " +
      "(docs/audit-log.md)",
    wanted: "text",
    absent: "not on record",
  });
  return text === null ? null : shown(text);
}

/**
 * Beside a file may stand another one with its name and `.by`: the file's SHA-256, and who changed it. Of another content it says nothing,
 * so that nobody is named for what somebody else changed after them.
 *
 * @param path - of a file that decides; `null`: it is about none
 * @param deployment - who deployed the service; `null`: nobody says so, or it was changed since the start
 * @returns who changed it
 */
export async function authorOf(
  path: string | null,
  deployment: string | null,
): Promise<SaidAuthor> {
  const beside = path === null ? null : await besideFile(path);
  if (beside !== null) return { changedBy: beside, saidBy: "file beside it" };
  return deployment === null ? {} : { changedBy: deployment, saidBy: "deployment" };
}

/** Whatever keeps it from being read, the change goes on record. */
async function besideFile(path: string): Promise<string | null> {
  try {
    const [content, beside] = await Promise.all([readFile(path), readFile(`${path}.by`, "utf8")]);
    const [, sha256, who] = LINE.exec(beside) ?? [];
    const isAboutIt = createHash("sha256").update(content).digest("hex") === sha256;
    return isAboutIt && who !== undefined ? shown(who) : null;
  } catch {
    return null;
  }
}

function shown(text: string): string {
  return printable(text).trim().slice(0, MOST_CHARACTERS);
}
