import { parseDigest, type Digest } from "#registry-protocol/digest.js";
import { referrerKind, type ReferrerKind } from "#registry-protocol/manifest/referrer-kind.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import { listReferrers, type ListReferrersDeps } from "./list-referrers.js";
import { readReferring, readTagged, type ReferringPlace } from "./sql/referring.js";

/** What refers to a manifest. */
export interface Referrer {
  readonly digest: string;
  readonly kind: ReferrerKind;
  readonly mediaType: string | null;
  readonly artifactType: string | null;
  /** In bytes. */
  readonly size: number | null;
  readonly annotations: Readonly<Record<string, string>>;
  /** Under which it was found; `null`: it names its subject itself. */
  readonly tag: string | null;
}

/** The same, with what refers to it. */
export interface ReferrerNode extends Referrer {
  readonly referrers: readonly ReferrerNode[];
}

/** Signatures of signatures end somewhere; a circle cannot be made of digests, a long chain can. */
const MOST_DEEP = 8;
/** What one tree has at most; nobody looks at more. */
const MOST_IN_TREE = 500;
const MOST_OF_ONE = 200;
const MOST_BYTES = 1024 * 1024;
const AT_ONCE = 4;
/** Endings of tags that cosign 2 makes for a digest. */
const COSIGN = ["sig", "att", "sbom"];

interface Growing extends Referrer {
  readonly referrers: Growing[];
}

/**
 * @param deps - ledger and registry
 * @param repository - where
 * @param subject - a manifest
 * @returns what refers to it, what refers to that, and so on; and whether that is all
 * @throws Fault UNAVAILABLE when it cannot be told now
 */
export async function referrerTree(
  deps: ListReferrersDeps,
  repository: RepositoryName,
  subject: Digest,
): Promise<{ readonly referrers: readonly ReferrerNode[]; readonly isWhole: boolean }> {
  const roots: Growing[] = [];
  let [left, isWhole] = [MOST_IN_TREE, true];
  let level: { readonly digest: string; readonly into: Growing[] }[] = [
    { digest: subject, into: roots },
  ];
  for (let deep = 0; level.length > 0; deep += 1) {
    if (deep === MOST_DEEP || left === 0) return { referrers: roots, isWhole: false };
    const below: typeof level = [];
    await someAtOnce(level, AT_ONCE, async ({ digest, into }) => {
      const { found, hasMore } = await referrersOf(deps, repository, parseDigest(digest));
      const taken = found.slice(0, left);
      left -= taken.length;
      isWhole &&= !hasMore && taken.length === found.length;
      for (const one of taken) {
        const node = { ...one, referrers: [] };
        into.push(node);
        below.push({ digest: one.digest, into: node.referrers });
      }
    });
    level = below;
  }
  return { referrers: roots, isWhole };
}

async function referrersOf(
  deps: ListReferrersDeps,
  repository: RepositoryName,
  subject: Digest,
): Promise<{ readonly found: readonly Referrer[]; readonly hasMore: boolean }> {
  const bounds = { limit: MOST_OF_ONE, bytes: MOST_BYTES };
  const query = { repository, subject, artifactType: null, after: null, ...bounds };
  const names = COSIGN.map((ending) => `${subject.replace(":", "-")}.${ending}`);
  const [page, tagged] = await Promise.all([
    listReferrers(deps, query),
    deps.ask(() => readTagged(deps.db, repository, names)),
  ]);
  const listed = JSON.parse(`[${page.descriptors}]`) as readonly Described[];
  const found = [
    ...listed.map((one) => shown(one, null)),
    ...tagged.map(({ tag, descriptor }) => shown(JSON.parse(descriptor) as Described, tag)),
  ];
  const digests = found.map(({ digest }) => digest);
  return {
    found: found.filter(({ digest }, i) => digests.indexOf(digest) === i),
    hasMore: page.hasMore,
  };
}

/** As the ledger writes it. */
interface Described {
  readonly digest: string;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly size?: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

function shown(described: Described, tag: string | null): Referrer {
  const { digest, mediaType = null, size = null, annotations = {} } = described;
  const { artifactType = null } = described;
  const kind = referrerKind({ artifactType, annotations, tag });
  return { digest, kind, mediaType, artifactType, size, annotations, tag };
}

/** What refers, and to what. */
export interface Referring extends Referrer {
  readonly subject: string;
  /** Tags that mean the subject; the first of them. */
  readonly subjectTags: readonly string[];
}

/**
 * @param deps - ledger
 * @param asked - of which repository, and which part of the list
 * @returns what refers to manifests of a repository, by subject, and where the list goes on; `null`: that was all
 * @throws Fault UNAVAILABLE when the ledger cannot be asked
 */
export async function listReferring(
  { db, ask }: Pick<ListReferrersDeps, "db" | "ask">,
  asked: {
    readonly repository: RepositoryName;
    readonly after: ReferringPlace | null;
    readonly limit: number;
  },
): Promise<{ readonly items: readonly Referring[]; readonly next: ReferringPlace | null }> {
  const { limit } = asked;
  const rows = await ask(() => readReferring(db, { ...asked, limit: limit + 1 }));
  const items = rows.slice(0, limit).map(({ subject, subjectTags, tag, descriptor }) => ({
    ...{ subject, subjectTags },
    ...shown(JSON.parse(descriptor) as Described, tag === "" ? null : tag),
  }));
  const last = rows[limit - 1];
  const place = last && { subject: last.subject, tag: last.tag, digest: last.digest };
  return { items, next: rows.length > limit && place !== undefined ? place : null };
}
