import type { Queryable } from "#service-kit/db/pool.js";
import type { AuditAction } from "../entry.js";
import { newestEntries } from "../list-entries.js";
import { entryIn } from "../recorded-entry.js";
import {
  daysOnRecord,
  readIndexesWith,
  readLeftOutOf,
  readPullsOf,
  type PulledImage,
  type PullsOfCaller,
  type Stretch,
} from "../sql/pulls-of.js";
import type { AskedImage } from "./asked-image.js";
import { leftForArchives } from "./left-for-archives.js";
import type { ShownAnswer } from "./table.js";

/** Who pulled an image. */
export interface WhoPulled {
  /** What was looked for: of a tag all that it meant, of an image the indexes that it is in, too. */
  readonly digests: readonly string[];
  readonly pulls: readonly PullsOfCaller[];
  /** Whether there are more than {@link MOST_CALLERS}. */
  readonly hasMore: boolean;
  /** Of which repositories there was no room for some records, and how many pulls they counted. */
  readonly leftOut: readonly {
    readonly repository: string;
    readonly records: number;
    readonly pulls: number;
  }[];
  readonly notes: readonly string[];
}

/** More callers than that are not told in one answer. */
const MOST_CALLERS = 10_000;
const NO_MEANING =
  "no push of this tag is on record; where latest means the newest tag, ask for that one";
const MOST_MEANINGS = 1_000;
const MEANING: readonly AuditAction[] = ["tag.pushed", "tag.adopted"];

/**
 * @param db - audit log and ledger
 * @param image - what was pulled
 * @param stretch - when; `null`: however long ago, as far as it is on record
 * @returns who pulled it, the latest first, and what of that cannot be known
 */
export async function whoPulled(
  db: Queryable,
  image: AskedImage,
  stretch: Stretch,
): Promise<WhoPulled> {
  const looked = await lookedFor(db, image);
  const found = await readPullsOf(db, looked, stretch, MOST_CALLERS + 1);
  const pulls = found.slice(0, MOST_CALLERS);
  const named = looked.repository === null ? [] : [looked.repository];
  const repositories = [...new Set([...pulls.map(({ repository }) => repository), ...named])];
  const leftOut = await readLeftOutOf(db, repositories);
  const { digests } = looked;
  const hasMore = found.length > MOST_CALLERS;
  const unknown = digests.length === 0 ? [NO_MEANING] : [];
  // What a tag meant is told by entries; pulls are none.
  const left = "tag" in image ? await leftForArchives(db, null) : [];
  const notes = [...left, ...unknown, ...(await notesOf(db, leftOut.length > 0))];
  return { digests, pulls, hasMore, leftOut, notes };
}

/** Whoever pulls an index has all that is in it: which platform they took is not always told. */
async function lookedFor(db: Queryable, image: AskedImage): Promise<PulledImage> {
  const { repository } = image;
  if ("tag" in image) {
    return { repository, digests: await meaningsOf(db, image.repository, image.tag) };
  }
  const indexes = await readIndexesWith(db, image.digest, repository);
  return { repository, digests: [image.digest, ...indexes] };
}

async function meaningsOf(db: Queryable, repository: string, tag: string): Promise<string[]> {
  const digests = new Set<string>();
  for (const action of MEANING) {
    const always = { since: new Date(0), until: new Date("9999-12-31") };
    const filter = { ...always, repository, tag, action, actor: null, digest: null };
    for (const { content } of await newestEntries(db, filter, { limit: MOST_MEANINGS })) {
      const digest = entryIn(content)?.digest ?? null;
      if (digest !== null) digests.add(digest);
    }
  }
  return [...digests];
}

async function notesOf(db: Queryable, isLeftOut: boolean): Promise<string[]> {
  const { first, last } = await daysOnRecord(db);
  return [
    first === null
      ? "no pull is on record by the day"
      : `pulls are on record by the day from ${first} to ${last ?? first}; what was forgotten before that is pulls.forgotten in the audit log`,
    "who fetched an image from somebody who had pulled it is not known here",
    ...(isLeftOut ? ["some records of these repositories were left out for want of room"] : []),
  ];
}

/**
 * @param answer - who pulled
 * @returns it as tables
 */
export function whoPulledShown({ pulls, leftOut, hasMore, notes }: WhoPulled): ShownAnswer {
  const more = hasMore ? [`more than ${MOST_CALLERS} callers: the latest are told`] : [];
  return {
    tables: [
      {
        title: "pulls",
        columns: [
          ...["uid", "realm", "kind", "address", "repository", "tag", "digest"],
          ...["count", "firstAt", "lastAt"],
        ],
        rows: pulls.map((pull) => [
          ...[pull.uid, pull.realm, pull.kind, pull.address, pull.repository, pull.tag],
          ...[pull.digest, pull.count, pull.firstAt.toISOString(), pull.lastAt.toISOString()],
        ]),
      },
      {
        title: "left out",
        columns: ["repository", "records", "pulls"],
        rows: leftOut.map(({ repository, records, pulls: counted }) => [
          ...[repository, records, counted],
        ]),
      },
    ],
    notes: [...more, ...notes],
  };
}
