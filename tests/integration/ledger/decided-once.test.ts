import { expect, test } from "@jest/globals";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { hasRuleChanged } from "#gateway/ledger/rule-changed.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { pushDeps, tagKeeper, tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

// By themselves, since others wait for ever where these are wrong.
let db: Database;
useLedger((started) => {
  ({ db } = started);
});

test("a rule that says the same as before has not changed; another gives the tag back", async () => {
  const [deps, offered] = [pushDeps(db), tagPush("a")];
  await reserveTag(db, offered, { leaseSeconds: 60, mutable: false });
  const rule = deps.policy.ruleFor(offered.repository, offered.tag);
  expect(await hasRuleChanged(deps, offered, { ...rule })).toBe(false);
  expect(await readTagState(db, offered)).toEqual({ kind: "reserved" });
  expect(await hasRuleChanged(deps, offered, { ...rule, mutability: "mutable" })).toBe(true);
  expect(await readTagState(db, offered)).toEqual({ kind: "free" });
});

test("a push of other content is refused at once, and not when it has waited", async () => {
  const [keeper, held, other] = [tagKeeper(), tagPush("a"), tagPush("b")];
  const deps = pushDeps(db, keeper);
  await pushTag(deps, held, keeper.transport(held));
  let looks = 0;
  const now = () => (looks += 1) * 10_000;
  const hasty = { ...deps, waiting: { ...deps.waiting, now } };
  await expect(pushTag(hasty, other, keeper.transport(other))).rejects.toMatchObject({
    code: "TAG_HELD",
  });
  expect(looks).toBe(1);
});
