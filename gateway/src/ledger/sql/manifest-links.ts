import type { Digest } from "#registry-protocol/digest.js";
import type { ManifestReference } from "#registry-protocol/manifest/references.js";

/**
 * Parts of statements about what manifests point to. Each is a query to be used in a `lateral` join, for
 * repository `$1`; it finds its rows by an index.
 *
 * `ledger.manifest_reference` is read, too: what came in before `ledger.manifest_link` was there stands in that
 * table alone, and so does what gateways of that time go on writing while they are replaced.
 */

/**
 * @param parent - SQL of the digest of a manifest
 * @returns query of its children, in the column `digest`
 */
export function childrenOf(parent: string): string {
  return `select ledger.digest_text(unnest(link.children)) as digest
       from ledger.manifest_link as link where link.repository = $1 and link.digest = ${parent}
       union all
       select old.target from ledger.manifest_reference as old
       where old.repository = $1 and old.digest = ${parent} and old.kind = 'child'`;
}

/**
 * @param child - SQL of the digest of a manifest
 * @param repository - SQL of the repository
 * @returns query of the indexes that it is a child of, in the column `digest`
 */
export function parentsOf(child: string, repository = "$1"): string {
  return `select link.digest from ledger.manifest_link as link
       where link.children @> array[ledger.digest_bytes(${child})] and link.repository = ${repository}
       union all
       select old.digest from ledger.manifest_reference as old
       where old.repository = ${repository} and old.target = ${child} and old.kind = 'child'`;
}

/**
 * @param referrer - SQL of the digest of a manifest
 * @returns query of the manifest that it names as its subject, in the column `digest`
 */
export function subjectOf(referrer: string): string {
  return `select ledger.digest_text(link.subject) as digest from ledger.manifest_link as link
       where link.repository = $1 and link.digest = ${referrer} and link.subject is not null
       union all
       select old.target from ledger.manifest_reference as old
       where old.repository = $1 and old.digest = ${referrer} and old.kind = 'subject'`;
}

/** What goes into a row of `ledger.manifest_link`. */
export interface ManifestLinks {
  /** `null` when there are none. */
  readonly children: readonly Buffer[] | null;
  readonly subject: Buffer | null;
  /** Those that a manifest may name besides which not everybody reads in the same way. */
  readonly moreSubjects: readonly Digest[];
}

/**
 * @param references - what a manifest points to
 * @returns what of it is kept
 */
export function linksOf(references: readonly ManifestReference[]): ManifestLinks {
  const targets = (wanted: ManifestReference["kind"]) =>
    references.filter(({ kind }) => kind === wanted).map(({ target }) => target);
  const children = targets("child");
  const [subject, ...moreSubjects] = targets("subject");
  return {
    children: children.length === 0 ? null : children.map(bytesOf),
    subject: subject === undefined ? null : bytesOf(subject),
    moreSubjects,
  };
}

function bytesOf(digest: string): Buffer {
  return Buffer.from(digest.slice(digest.indexOf(":") + 1), "hex");
}
