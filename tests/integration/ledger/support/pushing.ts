import { beforeEach } from "@jest/globals";
import { pushTag, type PushDeps, type TagPush } from "#gateway/ledger/push-tag.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import type { TagState } from "#tag-policy/decide-tag-write.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import {
  pushDeps,
  tagKeeper,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

/** Puts a tombstone on the manifest `$1`. */
export const BURY =
  "update ledger.manifest set deleted_at = now(), deleted_by = 'bob' where digest = $1";

/** An empty ledger, an empty registry in memory, and what pushes to both. */
export interface Pushing {
  readonly ledger: StartedLedger;
  readonly db: Database;
  readonly deps: TestPushDeps;
  readonly keeper: TagKeeper;
  /** @param by - absent: with {@link Pushing.deps} */
  push(offered: TagPush, by?: PushDeps): ReturnType<typeof pushTag>;
  stateOf(of: TagPush): Promise<TagState>;
  /** @returns what is on record, oldest first */
  actions(): Promise<readonly string[]>;
}

/** @param take - gets them before each test */
export function usePushing(take: (pushing: Pushing) => void): void {
  let ledger: StartedLedger;
  useLedger((started) => {
    ledger = started;
  });
  beforeEach(() => {
    const { db } = ledger;
    const keeper = tagKeeper();
    const deps = pushDeps(db, keeper);
    take({
      ...{ ledger, db, deps, keeper },
      push: (offered, by = deps) => pushTag(by, offered, keeper.transport(offered)),
      stateOf: (of) => readTagState(db, of),
      actions: async () => (await ledger.audited()).map(({ action }) => action),
    });
  });
}
