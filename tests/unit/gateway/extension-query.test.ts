import { describe, expect, test } from "@jest/globals";
import { askedHistory, askedTags } from "#gateway/proxy/extension-query.js";

const history = (text: string) => askedHistory(new URLSearchParams(text));
const tags = (text: string) => askedTags(new URLSearchParams(text));

describe("what is asked of a list", () => {
  test("is all there is where nothing is said, or only empty words", () => {
    const all = { most: null, digest: null, since: null, before: null, cursor: null };
    expect(history("")).toEqual(all);
    expect(history("digest=&since=&before=&cursor=")).toEqual(all);
    expect(tags("sort_by=&cursor=")).toEqual({
      ...{ by: "name", order: "asc", most: null, last: null, cursor: null },
    });
  });

  test("is a part of it where that is said", () => {
    const digest = `sha256:${"1".repeat(64)}`;
    const since = "2026-11-20t20:00:00.5z";
    expect(history(`digest=${digest}&since=${since}&cursor=abc_-9&n=3`)).toMatchObject({
      ...{ digest, since, cursor: "abc_-9", most: 3, before: null },
    });
    expect(tags("sort_by=created_at&sort_order=desc&cursor=abc")).toMatchObject({
      ...{ by: "created_at", order: "desc", cursor: "abc" },
    });
    expect(tags("last=1.0")).toMatchObject({ last: "1.0" });
  });

  test.each([
    ["cursor=a%20b", "cursor: wanted the Link of the page before"],
    [`cursor=${"a".repeat(2_001)}`, "cursor: wanted the Link of the page before"],
    ["since=2026-11-20", "since: wanted a time as RFC 3339 has it"],
    ["before=2026-13-20T20:00:00Z", "before: wanted a time as RFC 3339 has it"],
    ["since=0026-11-20T20:00:00Z", "since: wanted a time as RFC 3339 has it"],
    ["since=2026-11-20T20:00:00%2B15:00", "since: wanted a time as RFC 3339 has it"],
  ])("is refused where it is not of its form: %s", (text, message) => {
    expect(() => history(text)).toThrow(message);
  });

  test.each([
    ["sort_by=size", "sort_by: wanted name or created_at"],
    ["sort_order=up", "sort_order: wanted asc or desc"],
    ["sort_by=created_at&last=1.0", "last: wanted none in a list by time"],
    ["cursor=%2F", "cursor: wanted the Link of the page before"],
  ])("is refused where tags are not sorted so: %s", (text, message) => {
    expect(() => tags(text)).toThrow(message);
  });
});
