import { describe, expect, test } from "@jest/globals";
import { withHiddenRepositories, withHiddenTags } from "#service-kit/http/hidden-names.js";

// eslint-disable-next-line @typescript-eslint/require-await -- what is read from is asynchronous
async function* pages(...some: string[][]): AsyncGenerator<string[]> {
  yield* some;
}

/** As the keys of a bucket are ordered. */
function inKeyOrder(tags: readonly string[]): string[] {
  return [...tags].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
}

/** As 3.1.1 walks: what begins with the tag before it is left out. */
function shortList(tags: readonly string[]): string[] {
  const listed: string[] = [];
  let skipped: string | null = null;
  for (const tag of inKeyOrder(tags)) {
    if (skipped !== null && tag.startsWith(skipped)) continue;
    listed.push(tag);
    skipped = tag;
  }
  return listed;
}

function nextIn(tags: readonly string[]) {
  const asked: string[] = [];
  const next = (place: string) => {
    asked.push(place);
    return Promise.resolve(
      inKeyOrder(tags)
        .filter((tag) => `${tag}/` > place)
        .slice(0, 1),
    );
  };
  return { asked, next };
}

async function all(names: AsyncGenerator<string[]>): Promise<string[]> {
  const found: string[] = [];
  for await (const some of names) found.push(...some);
  return found;
}

describe("tags that a registry leaves out of its list", () => {
  const TAGS = [
    "1.2",
    "1.2.1",
    "1.2.10",
    "1.2-rc",
    "1.20",
    "1.200",
    "1.3",
    "1.2_x",
    "v1",
    "v1beta",
  ];

  test("are found, however many there are behind one another, and each is named once", async () => {
    const listed = shortList(TAGS);
    expect(listed).not.toContain("1.20");
    const { next, asked } = nextIn(TAGS);
    const found = await all(withHiddenTags(pages(listed.slice(0, 2), listed.slice(2)), next));
    expect(found.sort()).toEqual([...TAGS].sort());
    expect(asked).toHaveLength(TAGS.length);
  });

  test("are none where everything is listed", async () => {
    const found = await all(withHiddenTags(pages(inKeyOrder(TAGS)), nextIn(TAGS).next));
    expect(found).toEqual(inKeyOrder(TAGS));
  });

  test("are none of a registry that sends everything whatever it is asked, which is asked once", async () => {
    let asked = 0;
    const next = () => {
      asked += 1;
      return Promise.resolve(TAGS);
    };
    expect(await all(withHiddenTags(pages(TAGS), next))).toEqual(TAGS);
    expect(asked).toBe(1);
  });

  test("make what was found before count for nothing where the registry does not answer", async () => {
    const next = () => Promise.reject(new Error("the registry answered 500"));
    await expect(all(withHiddenTags(pages(["1.2"]), next))).rejects.toThrow("500");
  });
});

test("a repository that is left out at the end of a page is found in pages that end elsewhere, each once", async () => {
  const found = withHiddenRepositories(
    pages(["a", "b-more"], ["c"]),
    pages(["a", "b-more", "b"], ["c"]),
  );
  expect(await all(found)).toEqual(["a", "b-more", "c", "b"]);
});
