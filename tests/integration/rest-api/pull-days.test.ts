import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { insertPullDays } from "#tests/support/pulls.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, putImage, startRestStack, type RestStack } from "./support/stack.js";

const APP = "/repositories/alpha/app";
const DAY_MILLISECONDS = 86_400_000;

let stack: RestStack;
let rest: RestStack["rest"];
let digest: string;
let today: string;

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
  const { ledger } = stack;
  digest = await putImage(ledger, "alpha/app", "1.0", "one");
  await putImage(ledger, "alpha/app", "2.0", "two");
  await putImage(ledger, "alpha/other", "1.0", "one");
  await putImage(ledger, "hidden/app", "1.0", "one");
  const days = [
    ["alpha/app", "1.0", 0, "bob", 2],
    ["alpha/app", "1.0", 0, "carol", 3],
    ["alpha/app", "2.0", 0, "bob", 7],
    ["alpha/app", "1.0", 2, "bob", 1],
    ["alpha/app", "1.0", 40, "bob", 100],
    ["alpha/other", "1.0", 0, "bob", 1_000],
  ] as const;
  await insertPullDays(
    ledger.db,
    days.map(([repository, tag, ago, uid, count]) => ({
      ...{ repository, tag, ago, caller: uid, uid, count },
      digest: tag === "1.0" ? digest : "sha256:two",
    })),
  );
  const { rows } = await ledger.db.query<{ day: string }>(
    "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD') as day",
  );
  today = rows[0]?.day ?? "";
});
afterAll(() => stack.stop());

async function days(query: string): Promise<readonly (readonly [string, number])[]> {
  const answer = await rest(`${APP}/pull-days?${query}`);
  expect([answer.status, answer.body.toString()]).toEqual([200, expect.anything()]);
  const found = (jsonOf(answer) as { days: { day: string; pulls: number }[] }).days;
  return found.map(({ day, pulls }) => [day, pulls]);
}

const daysAgo = (count: number) =>
  new Date(Date.parse(today) - count * DAY_MILLISECONDS).toISOString().slice(0, 10);

test("what the document shows of pulls by day is what is answered", async () => {
  expectRecorded("pulls.days", await rest(`${APP}/pull-days?tag=1.0&days=3`));
});

test("pulls of each day are added up, those without any are there, too, and no other repository's count", async () => {
  expect(await days("days=3")).toEqual([
    [daysAgo(2), 1],
    [daysAgo(1), 0],
    [today, 12],
  ]);
  expect(await days("")).toHaveLength(30);
  expect((await days("days=41"))[0]).toEqual([daysAgo(40), 100]);
});

test("pulls of a tag, of a digest, or of both are counted alone", async () => {
  expect(await days("days=1&tag=1.0")).toEqual([[today, 5]]);
  expect(await days(`days=1&digest=${digest}`)).toEqual([[today, 5]]);
  expect(await days(`days=1&tag=2.0&digest=${digest}`)).toEqual([[today, 0]]);
});

test.each([
  [`${APP}/pull-days?days=0`, 400],
  [`${APP}/pull-days?days=367`, 400],
  [`${APP}/pull-days?tag=9.9`, 404],
  ["/repositories/alpha/none/pull-days", 404],
])("%s is refused", async (path, status) => {
  expect((await rest(path)).status).toBe(status);
});

test("whoever may not pull is told nothing of pulls by day", async () => {
  const of = (path: string) => rest(`/repositories/${path}/pull-days`);
  const [is, never] = [await of("hidden/app"), await of("hidden/non")];
  expect([is.status, never.status]).toEqual([403, 403]);
  expect((await rest(`${APP}/pull-days`, { token: null })).status).toBe(401);
});
