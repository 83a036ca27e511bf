import { z } from "zod";

/** Where the content of an image comes from, as Pier One has it. */
export interface ScmSource {
  /** For example `git:git@host:org/repo.git` or `https://host/org/repo`; without passwords. */
  readonly url: string;
  readonly revision: string;
  /** Who built it; may be empty. */
  readonly author: string;
  /** What differed from the revision, for example the output of `git status --porcelain`; may be empty. */
  readonly status: string;
}

/** How a source became known, the most trusted first. */
export const SCM_ORIGINS = ["header", "annotation", "label", "file"] as const;

/** How a source became known. */
export type ScmOrigin = (typeof SCM_ORIGINS)[number];

/** A source and how it became known. */
export interface FoundSource {
  readonly source: ScmSource;
  readonly origin: ScmOrigin;
}

const MOST_URL_CHARACTERS = 1_024;
const MOST_NAME_CHARACTERS = 255;
/** A status may list any number of files; that there is one says most. */
const KEPT_STATUS_CHARACTERS = 1_024;

/** Postgres takes neither NUL nor halves of surrogate pairs, and logs no line breaks. */
const ONE_LINE = /^[^\p{Cc}\p{Cs}]*$/u;
const LINES = /^(?:[^\p{Cc}\p{Cs}]|[\t\r\n])*$/u;

const string = () => z.string("must be a string");
const line = (most: number) =>
  string().trim().max(most, `at most ${most} characters`).regex(ONE_LINE, "no control characters");

const sourceSchema = z.object({
  url: line(MOST_URL_CHARACTERS).min(1, "must not be empty").transform(withoutPassword),
  revision: line(MOST_NAME_CHARACTERS).min(1, "must not be empty"),
  author: line(MOST_NAME_CHARACTERS).default(""),
  status: string()
    .regex(LINES, "no control characters")
    .transform((text) => Array.from(text).slice(0, KEPT_STATUS_CHARACTERS).join(""))
    .default(""),
});

/** Why something is no source; shown to users. */
export class ScmSourceError extends Error {
  override readonly name = "ScmSourceError";
}

/**
 * @param text - JSON `{url, revision, author, status}`, author and status optional
 * @returns the source; a password in the url is left out, a long status is cut
 * @throws ScmSourceError that says which field is wrong
 */
export function parseScmSource(text: string): ScmSource {
  const parsed = sourceSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path[0] === undefined ? "" : `${String(issue.path[0])}: `;
  throw new ScmSourceError(`${field}${issue?.message ?? "not as it should be"}`);
}

const SOURCE = "org.opencontainers.image.source";
const REVISION = "org.opencontainers.image.revision";
const AUTHORS = "org.opencontainers.image.authors";

/**
 * @param words - annotations of a manifest or labels of an image (OCI image-spec, "Annotations")
 * @returns the source that they name; `null` unless both source and revision are there and fit
 */
export function sourceOfAnnotations(words: unknown): ScmSource | null {
  const found = z.looseObject({}).safeParse(words).data;
  if (found === undefined) return null;
  const author = typeof found[AUTHORS] === "string" ? found[AUTHORS] : "";
  const named = { url: found[SOURCE], revision: found[REVISION] };
  return (
    sourceSchema.safeParse({ ...named, author }).data ?? sourceSchema.safeParse(named).data ?? null
  );
}

function jsonOf(text: string): unknown {
  try {
    // Some editors begin a file with a byte order mark, which JSON does not know.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new ScmSourceError("is no JSON");
  }
}

/** Build machines often fetch with a token in the url: that is nobody's business later on. */
function withoutPassword(url: string): string {
  return url.replace(/(https?:\/\/)[^/?#]*@/gi, "$1").replace(/(:\/\/[^/?#@:]*):[^/?#]*@/g, "$1@");
}
