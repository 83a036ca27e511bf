import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, putImage, startRestStack, type RestStack } from "./support/stack.js";

/** More than are looked at one by one. */
const MANY = 201;

let stack: RestStack;
let rest: RestStack["rest"];

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
  for (const [repository, tags] of Object.entries({
    "alpha/app": ["1.0", "1.10", "2.0", "v1.0"],
    "alpha/apple": ["1.0"],
    "beta/tool": ["1.0-rc.1", "1_0"],
    "hidden/app": ["1.0", "1.1"],
    "public/base": ["1.0", "12"],
  }))
    for (const tag of tags) await putImage(stack.ledger, repository, tag, `${repository} ${tag}`);
  await putImage(stack.ledger, "alpha/app", "1.9-gone", "gone");
  await stack.ledger.db.query(
    "update ledger.tag set deleted_at = now(), deleted_by = 'alice' where name = '1.9-gone'",
  );
});
afterAll(() => stack.stop());

async function found(query: string, token: string | null = "alice-token") {
  const answer = await rest(`/tags?${query}`, { token });
  expect([answer.status, answer.body.toString()]).toEqual([200, expect.anything()]);
  const { items, next } = jsonOf(answer) as {
    items: { repository: string; name: string }[];
    next: string | null;
  };
  return { names: items.map(({ repository, name }) => `${repository}:${name}`), next };
}

test("what the document shows of a search over tags is what is answered", async () => {
  expectRecorded("tags.search", await rest("/tags?q=app:1.&limit=1"));
});

/** Few repositories are each looked at, of many all tags: both find the same. */
describe.each(["few", "many"])("a search over tags, of %s repositories", (how) => {
  beforeAll(async () => {
    if (how === "many")
      await stack.ledger.db.query(
        `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
         select 'zeta/filled-' || i, 'other', 'sha256:' || i, 'alice', now() from generate_series(1, $1::int) as i`,
        [MANY],
      );
  });

  test("finds those that begin so, by name and repository, without what is hidden or deleted", async () => {
    expect((await found("q=1.")).names).toEqual([
      ...["alpha/app:1.0", "alpha/apple:1.0", "public/base:1.0", "beta/tool:1.0-rc.1"],
      "alpha/app:1.10",
    ]);
    expect((await found("q=1.9")).names).toEqual([]);
    expect((await found("q=v")).names).toEqual(["alpha/app:v1.0"]);
    expect((await found("q=1_")).names).toEqual(["beta/tool:1_0"]);
  });

  test("is narrowed to a part of the repository's name, and to a team", async () => {
    expect((await found("q=app:1.0")).names).toEqual(["alpha/app:1.0", "alpha/apple:1.0"]);
    expect((await found("q=ALPHA/app:2")).names).toEqual(["alpha/app:2.0"]);
    expect((await found("q=base:")).names).toEqual(["public/base:1.0", "public/base:12"]);
    expect((await found("q=1.&team=beta")).names).toEqual(["beta/tool:1.0-rc.1"]);
    expect((await found("q=nothing:1.")).names).toEqual([]);
  });

  test("shows those of what is public to nobody in particular", async () => {
    expect((await found("q=1", null)).names).toEqual(["public/base:1.0", "public/base:12"]);
  });

  test("goes on from page to page", async () => {
    const all = (await found("q=1")).names;
    const paged: string[] = [];
    let cursor = "";
    do {
      const { names, next } = await found(`q=1&limit=2${cursor}`);
      paged.push(...names);
      cursor = next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== "");
    expect(paged).toEqual(all);
  });
});

test.each(["", "q=a%2Fb", "q=a:b:c", `q=${"1".repeat(129)}`, "q=1&limit=101", "q=1&cursor=x"])(
  "%s is refused",
  async (query) => {
    expect((await rest(`/tags?${query}`)).status).toBe(400);
  },
);
