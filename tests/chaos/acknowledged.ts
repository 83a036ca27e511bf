import { setTimeout as pause } from "node:timers/promises";
import { readTag, tokenFor, type KnownPush, type ReadEnd } from "./client.js";
import type { Fleet } from "./fleet.js";

/** Everything that was ever acknowledged, and what has to be true of it ever after. */
export interface Acknowledged {
  /** Notes that a push was acknowledged. */
  add(push: KnownPush): void;
  all(): KnownPush[];
  /** Notes what a reader got at any time: nothing but what was acknowledged may be served. */
  check(push: Pick<KnownPush, "repository" | "tag">, digest: string | null, where: string): void;
  /** Tags that were acknowledged with one digest and served or acknowledged with another. */
  readonly flipped: string[];
  /** Tags that were acknowledged and are not there, or not on record. */
  readonly lost: string[];
}

/** @returns nothing acknowledged yet */
export function nothingAcknowledged(): Acknowledged {
  const pushes = new Map<string, KnownPush>();
  const [flipped, lost]: [string[], string[]] = [[], []];
  return {
    flipped,
    lost,
    all: () => [...pushes.values()],
    add: (push) => {
      const before = pushes.get(nameOf(push));
      if (before !== undefined && before.digest !== push.digest)
        flipped.push(`${nameOf(push)}: ${before.digest} and ${push.digest} were acknowledged`);
      else pushes.set(nameOf(push), push);
    },
    check: (push, digest, where) => {
      const wanted = pushes.get(nameOf(push))?.digest;
      if (wanted === undefined || digest === wanted) return;
      if (digest === null) lost.push(`${nameOf(push)} is not at ${where}`);
      else flipped.push(`${nameOf(push)} is ${digest} at ${where}, acknowledged was ${wanted}`);
    },
  };
}

/**
 * Looks at everything that was acknowledged: through every gateway, in the ledger, in the audit log.
 *
 * @param fleet - with all parts up
 * @param acknowledged - gets what is wrong
 */
export async function checkAcknowledged(fleet: Fleet, acknowledged: Acknowledged): Promise<void> {
  const pushes = acknowledged.all();
  const repositories = [...new Set(pushes.map(({ repository }) => repository))];
  const [first = ""] = fleet.gateways;
  const token = await tokenFor(first, ...repositories);
  for (const gateway of fleet.gateways)
    for (const push of pushes) {
      const read = await readInTheEnd(gateway, token, push);
      if (read === "unanswered") acknowledged.lost.push(`${nameOf(push)}: no answer of ${gateway}`);
      else acknowledged.check(push, read.digest, gateway);
    }
  const onRecord = await readRecords(fleet);
  for (const push of pushes) {
    acknowledged.check(push, onRecord.ledger.get(nameOf(push)) ?? null, "the ledger");
    if (!onRecord.audit.has(`${nameOf(push)} ${push.digest}`))
      acknowledged.lost.push(`${nameOf(push)} is not in the audit log`);
  }
}

const READ_WITHIN_MILLISECONDS = 60_000;

/** A part that has just come back may say once more that it is not decided. */
async function readInTheEnd(gateway: string, token: string, push: KnownPush): Promise<ReadEnd> {
  const until = performance.now() + READ_WITHIN_MILLISECONDS;
  for (;;) {
    const read = await readTag(gateway, token, push);
    if (read !== "unanswered" || performance.now() > until) return read;
    await pause(100);
  }
}

async function readRecords({ db }: Fleet) {
  const tags = await db.query<{ name: string; digest: string }>(
    `select repository || ':' || name as name, digest from ledger.tag where digest is not null`,
  );
  const entries = await db.query<{ name: string }>(
    `select concat(repository, ':', content::jsonb ->> 'tag', ' ', content::jsonb ->> 'digest') as name
     from audit.entry where action in ('tag.pushed', 'tag.adopted')`,
  );
  return {
    ledger: new Map(tags.rows.map(({ name, digest }) => [name, digest])),
    audit: new Set(entries.rows.map(({ name }) => name)),
  };
}

/** @returns a push's tag in words */
export function nameOf({ repository, tag }: Pick<KnownPush, "repository" | "tag">): string {
  return `${repository}:${tag}`;
}
