import { describeTag, lockTag, sourceOfTag } from "#rest-api/operations/tags.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { RestAnswer } from "#service-kit/http/send-answer.js";
import { lockTag as lock, type LockDeps } from "../ledger/lock-tag.js";
import { describeTag as describe, type DescribeDeps } from "./describe-tag.js";
import { implement, type Implementation } from "./implement.js";
import { sourceOfTag as sourceOf } from "./source-of-tag.js";

/** What the operations about one tag need. */
export type TagOperationsDeps = DescribeDeps & LockDeps;

/**
 * @param deps - ledger, policy and audit log
 * @returns the operations about one tag (docs/tags.md, docs/scm-source.md)
 */
export function tagOperations(deps: TagOperationsDeps): readonly Implementation[] {
  return [
    implement(describeTag, ({ path }) => described(deps, path)),
    implement(lockTag, async ({ path, actor }) => {
      await lock(deps, path, actor);
      return described(deps, path);
    }),
    implement(sourceOfTag, async ({ path }) => ({ body: await sourceOf(deps, path) })),
  ];
}

async function described(deps: TagOperationsDeps, key: TagKey): Promise<RestAnswer> {
  const body = await describe(deps, key);
  const { digest } = body;
  return { body, headers: digest === null ? {} : { "Docker-Content-Digest": digest } };
}
