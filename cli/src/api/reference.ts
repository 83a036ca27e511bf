import { UsageFault } from "../exit/faults.js";

/** What is asked about: a repository, and in it a tag or a digest. */
export interface Reference {
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

const NAME = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;

/**
 * @param words - `team/artifact:tag`, `team/artifact@digest`, `host/team/artifact:tag`, or as Pier One's command line
 *   takes it: team, artifact and tag as words of their own
 * @param host - of the registry that is asked: it may stand in front
 * @returns what is meant
 * @throws UsageFault when it is nothing of that, or of another registry
 */
export function parseReference(words: readonly string[], host: string | null): Reference {
  const [first = "", second, third] = words;
  const joined =
    second === undefined ? first : `${first}/${second}${third === undefined ? "" : `:${third}`}`;
  const local = withoutHost(joined, host);
  const at = local.indexOf("@");
  const digest = at === -1 ? null : local.slice(at + 1);
  const named = at === -1 ? local : local.slice(0, at);
  const colon = named.indexOf(":");
  const tag = colon === -1 ? null : named.slice(colon + 1);
  const repository = colon === -1 ? named : named.slice(0, colon);
  if (!NAME.test(repository) || repository.length > 255)
    throw new UsageFault(
      `${JSON.stringify(joined)} names no repository`,
      "as alpha/app, alpha/app:1.0",
    );
  if (tag !== null && !TAG.test(tag)) throw new UsageFault(`${JSON.stringify(tag)} is no tag`);
  if (digest !== null && !DIGEST.test(digest))
    throw new UsageFault(
      `${JSON.stringify(digest)} is no digest`,
      "as sha256: and 64 hexadecimal digits",
    );
  return { repository, tag, digest };
}

/**
 * @param reference - what was named
 * @returns its tag
 * @throws UsageFault when it has none
 */
export function tagOf(reference: Reference): string {
  if (reference.tag !== null && reference.digest === null) return reference.tag;
  throw new UsageFault(`name a tag: ${reference.repository}:TAG`);
}

/**
 * @param reference - what was named
 * @returns what names its manifest in a request to the registry; without tag and digest, virtual `latest`
 */
export function manifestNameOf({ tag, digest }: Reference): string {
  return digest ?? tag ?? "latest";
}

/**
 * @param reference - what was named
 * @returns it as text
 */
export function formatReference({ repository, tag, digest }: Reference): string {
  return `${repository}${tag === null ? "" : `:${tag}`}${digest === null ? "" : `@${digest}`}`;
}

/**
 * @param repository - name
 * @returns the name in a path of the REST API, and where it ends: its last parts may have a meaning there
 */
export function inPath(repository: string): string {
  return `${repository}/-`;
}

function withoutHost(text: string, host: string | null): string {
  const slash = text.indexOf("/");
  const first = slash === -1 ? "" : text.slice(0, slash);
  if (!/[.:]/.test(first) && first !== "localhost") return text;
  // A team may have a dot in its name, but no registry is asked for by another's name.
  if (first === host) return text.slice(slash + 1);
  if (!first.includes(":") && NAME.test(first) && first !== "localhost") return text;
  throw new UsageFault(
    `${first} is another registry than ${host ?? "the one that is asked"}`,
    `ask that one: --url ${first}, or --context`,
  );
}
