import { isDigest, type Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { thoseWhere } from "#service-kit/some-at-once.js";
import { askAgain, LAST_TIME } from "./ask-again.js";
import { stands, type PartReads } from "./missing-parts.js";
import { registryErrors, type RegistryError } from "./registry-errors.js";

import type { WholeAnswer } from "./whole-request.js";

/** What a registry says of a manifest when it cannot read the link of a part; of others it is a verdict. */
const OF_PARTS: readonly string[] = ["MANIFEST_BLOB_UNKNOWN", "DIGEST_INVALID", "UNKNOWN"];
/** More than any builder's manifest has; of those beyond, nothing is said. */
const MOST_LOOKED_AT = 128;
const AT_ONCE = 8;
/** Whoever answers later than that is not asked again: the lease of the tag's reservation has to last. */
const PATIENCE_MILLISECONDS = 5_000;

/**
 * A registry that rewrites links in place answers to a manifest, when it reads one of its parts' at that moment, that the
 * digest is wrong, a blob unknown, or 500. The digest was computed here, and parts can be looked for: unless one of those
 * that it names is missing, it gets the same manifest again.
 *
 * @param put - stores a manifest, of which nothing more comes when it is done twice
 * @param reads - looks for what the registry says is missing
 * @param repository - where it is put
 * @param now - current time in milliseconds
 * @returns the registry's verdict; what it says against a digest that is right, in spite of all, is told as 503
 * @throws as `put`
 */
export async function putAgain(
  put: () => Promise<WholeAnswer>,
  reads: PartReads,
  repository: RepositoryName,
  now: () => number = () => performance.now(),
): Promise<WholeAnswer> {
  const began = now();
  let times = 0;
  const answer = await askAgain(
    () => {
      times += 1;
      return put();
    },
    async (last) =>
      isOfParts(last) &&
      now() - began < PATIENCE_MILLISECONDS &&
      !(await lacksAny(reads, repository, namedIn(last))),
  );
  const isNoVerdict = times > LAST_TIME && isOfParts(answer) && saysDigestWrong(answer);
  return isNoVerdict ? { ...answer, status: 503 } : answer;
}

function isOfParts({ status, body }: WholeAnswer): boolean {
  if (status !== 400 && status !== 404 && status !== 500) return false;
  const errors = registryErrors(body);
  return errors.length > 0 && errors.every(({ code }) => OF_PARTS.includes(code));
}

/** Together with parts alone: of a manifest it may be a digest by an algorithm that the registry does not have. */
function saysDigestWrong({ body }: WholeAnswer): boolean {
  const errors = registryErrors(body);
  return errors.some(isDigestWrong) && errors.some(({ code }) => code === "MANIFEST_BLOB_UNKNOWN");
}

function isDigestWrong({ code }: RegistryError): boolean {
  return code === "DIGEST_INVALID";
}

function namedIn({ body }: WholeAnswer): readonly Digest[] {
  const named = registryErrors(body)
    .filter(({ code }) => code === "MANIFEST_BLOB_UNKNOWN")
    .map(({ detail }) => detail)
    .filter((detail): detail is Digest => typeof detail === "string" && isDigest(detail));
  return [...new Set(named)].slice(0, MOST_LOOKED_AT);
}

/** What cannot be told is no reason to believe it. */
async function lacksAny(
  reads: PartReads,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<boolean> {
  const isMissing = async (digest: Digest) =>
    !(await stands(reads, repository, { kind: "blob", digest })) &&
    !(await stands(reads, repository, { kind: "manifest", digest }));
  for (let from = 0; from < digests.length; from += AT_ONCE) {
    const some = digests.slice(from, from + AT_ONCE);
    const missing = await thoseWhere(some, AT_ONCE, (one) => isMissing(one).catch(() => false));
    if (missing.length > 0) return true;
  }
  return false;
}
