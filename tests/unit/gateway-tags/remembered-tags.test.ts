import { describe, expect, test } from "@jest/globals";
import { rememberedTags } from "#gateway/ledger/remembered-tags.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";

const key = { repository: parseRepositoryName("alpha/app"), tag: parseTag("1.0") };
const other = { ...key, tag: parseTag("2.0") };
const [a, b] = [digestOf(Buffer.from("a")), digestOf(Buffer.from("b"))];

describe("what is remembered of tags", () => {
  test("is what the ledger said last", () => {
    const memory = rememberedTags();
    expect(memory.recall(key)).toEqual({ kind: "nothing" });
    memory.means(key, a);
    expect(memory.recall(key)).toEqual({ kind: "digest", digest: a });
    memory.isDeleted(key);
    expect(memory.recall(key)).toEqual({ kind: "deleted" });
    memory.means(key, b);
    expect(memory.recall(key)).toEqual({ kind: "digest", digest: b });
    memory.isDoubtful(key);
    expect(memory.recall(key)).toEqual({ kind: "doubtful" });
    memory.forget(key);
    expect(memory.recall(key)).toEqual({ kind: "nothing" });
  });

  test("of drifted tags is the ledger's digest, until they have drifted no longer", () => {
    const memory = rememberedTags();
    memory.drifted([{ ...key, digest: a }], true);
    expect(memory.recall(key)).toEqual({ kind: "digest", digest: a });
    expect(memory.recall(other)).toEqual({ kind: "nothing" });
    memory.drifted([], true);
    expect(memory.recall(key)).toEqual({ kind: "nothing" });
  });

  test("says of unknown tags that they are doubtful while more have drifted than are kept", () => {
    const memory = rememberedTags();
    memory.means(key, b);
    memory.drifted([], false);
    expect(memory.recall(key)).toEqual({ kind: "digest", digest: b });
    expect(memory.recall(other)).toEqual({ kind: "doubtful" });
  });

  test("keeps the newest of more tombstones than there is room for", () => {
    const memory = rememberedTags();
    const many = Array.from({ length: 60_000 }, (_one, i) => ({
      ...key,
      tag: parseTag(`v${i}`),
      at: "",
    }));
    memory.deleted(many);
    expect(memory.recall({ ...key, tag: parseTag("v0") })).toEqual({ kind: "deleted" });
    expect(memory.recall({ ...key, tag: parseTag("v59999") })).toEqual({ kind: "nothing" });
  });
});
